"""What is done with the latents of pictures: priors fitted to them, ways and views through them."""

from vitral.nn.latents.fitted_prior import FittedPrior
from vitral.nn.latents.flat_view import MOST_POINTS, flat_view
from vitral.nn.latents.neighbors import nearest_classes
from vitral.nn.latents.principal_axes import PrincipalAxes, principal_axes
from vitral.nn.latents.probe import LatentProbe
from vitral.nn.latents.sphere_walk import sphere_walk

__all__ = [
    "MOST_POINTS",
    "FittedPrior",
    "LatentProbe",
    "PrincipalAxes",
    "flat_view",
    "nearest_classes",
    "principal_axes",
    "sphere_walk",
]
