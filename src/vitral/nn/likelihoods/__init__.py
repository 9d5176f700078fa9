"""How probable the levels of a picture are, one distribution a file."""

from vitral.nn.likelihoods.likelihood import Likelihood

__all__ = ["Likelihood"]
