"""How probable the levels of a picture are, one distribution a file."""

from vitral.nn.likelihoods.bernoulli import Bernoulli
from vitral.nn.likelihoods.discretized_logistics import DiscretizedLogistics
from vitral.nn.likelihoods.likelihood import Likelihood

__all__ = ["Bernoulli", "DiscretizedLogistics", "Likelihood"]
