"""`GenerateModel`: a generator and the mixture that was fitted to its latents; new pictures from both."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vitral.core import Batch, OptionError, derived_seed, did_you_mean
from vitral.data import DataFacts
from vitral.nn import FittedPrior, GeneratorNet, LatentProbe
from vitral.tasks.task import TaskModel

PriorName = Literal["standard", "mixture"]
PRIORS: tuple[PriorName, ...] = ("standard", "mixture")
_MOST_FITTED = 8192
_AT_ONCE = 16


class GenerateModel(TaskModel):
    """A generator, the facts of its pictures, and a mixture prior for every class.

    There is no mixture where no latents say what the whole picture is.

    Args:
        network: the generator.
        facts: of the training pictures.
        components: normal distributions in a mixture at most.
    """

    network: GeneratorNet

    def __init__(self, network: GeneratorNet, facts: DataFacts, *, components: int) -> None:
        super().__init__(network, facts)
        classes = len(facts.classes) if len(facts.classes) > 1 else 0
        self.probe = LatentProbe(network.latents, classes, facts.pictures) if classes else None
        self.prior = None
        if network.leading:
            self.prior = FittedPrior(
                network.latents, leading=network.leading, classes=classes, components=components
            )

    @torch.inference_mode()
    def fit_prior(
        self, batches: Callable[[], Iterable[Batch]], ready: Callable[[Batch], tuple[Tensor, Tensor]]
    ) -> None:
        """Fit the mixtures, if any, to a posterior sample of each of at most 8,192 training pictures.

        Args:
            batches: gives the training pictures.
            ready: makes pictures and labels for the network from a batch.
        """
        if self.prior is None:
            return
        random = torch.Generator().manual_seed(derived_seed(0, "points of a mixture"))
        every = -(-max(1, self.facts.pictures) // _MOST_FITTED)
        points: list[Tensor] = []
        classes: list[Tensor] = []
        for batch in batches():
            chosen = torch.from_numpy(batch.indices % every == 0)
            pictures, labels = ready(batch)
            chosen = chosen.to(pictures.device)
            if chosen.any():
                found = self.network.sampled_leading(pictures[chosen], labels[chosen], random=random)
                points.append(found.float().cpu())
                classes.append(labels[chosen].cpu())
        if points:
            self.prior.fit(torch.cat(points), torch.cat(classes))

    @property
    def priors(self) -> tuple[PriorName, ...]:
        """The distributions of latents that pictures can be drawn from."""
        return PRIORS if self.prior is not None and self.prior.fitted else PRIORS[:1]

    @torch.inference_mode()
    def draw(
        self,
        labels: Int[Tensor, " b"],
        *,
        prior: PriorName = "standard",
        temperature: float = 1.0,
        random: torch.Generator | None = None,
    ) -> Float[Tensor, "b c h w"]:
        """New pictures on [0, 1], one for each label.

        Args:
            labels: the asked classes; numbers outside the classes mean any.
            prior: `standard`, which the network was trained with, or `mixture`, fitted afterwards.
            temperature: factor on the deviations of the prior, at least 0.
            random: where the random numbers come from.
        Raises:
            OptionError: the model has no mixture.
        """
        labels = labels.to(next(self.parameters()).device)
        if prior == "standard":
            return self.network.draw(labels, temperature=temperature, random=random)
        latents, classes = mixture_of(self).draw(labels, temperature=temperature, random=random)
        return self.network.decode(latents, classes)


def mixture_of(model: GenerateModel) -> FittedPrior:
    """The mixture that was fitted to the model's latents.

    Raises:
        OptionError: it has none, or it was never fitted.
    """
    if model.prior is None:
        raise OptionError(
            "--prior: the latents of this model are codes, which no mixture of normal distributions "
            "describes; got 'mixture', leave it out: the model's own prior knows the codes"
        )
    if not model.prior.fitted:
        raise OptionError(
            "--prior: no mixture was fitted to the latents of this model, which an older Vitral trained; "
            "got 'mixture', leave it out, or train again"
        )
    return model.prior


def classes_known(model: GenerateModel, prior: PriorName) -> int:
    """How many classes can be asked for: those of the network, or those that have a mixture.

    Raises:
        OptionError: a mixture is asked for, and there is none.
    """
    return max(model.network.classes, mixture_of(model).classes if prior == "mixture" else 0)


def asked_labels(
    model: GenerateModel, count: int, *, name: str | None, prior: PriorName
) -> Int[Tensor, " b"]:
    """The class of each of some new pictures: the named one, or all of them in turn.

    Args:
        model: the generator.
        count: how many pictures.
        name: of a class; None: each in turn, or any where none can be asked for.
        prior: what is drawn from; the mixture knows classes even where the network does not.
    Raises:
        OptionError: there is no such class, or none can be asked for, or the model has no mixture.
    """
    classes: Sequence[str] = model.facts.classes
    known = classes_known(model, prior)
    if name is None:
        return torch.arange(count) % known if known else torch.full((count,), -1)
    if not known:
        knows = "mixture" in model.priors and mixture_of(model).classes
        way = "; --prior mixture knows them" if knows else ""
        raise OptionError(f"--class: this model was trained without classes, got {name!r}{way}")
    if name not in classes:
        raise OptionError(f"--class: the model has no class {name!r}{did_you_mean(name, classes)}")
    return torch.full((count,), classes.index(name))


def drawn_in_order(
    model: GenerateModel, labels: Int[Tensor, " b"], *, prior: PriorName, temperature: float, seed: int
) -> Iterable[Float[Tensor, "b c h w"]]:
    """New pictures, 16 at a time; picture n of a seed is the same however many are asked for."""
    for start in range(0, len(labels), _AT_ONCE):
        some = labels[start : start + _AT_ONCE]
        # Always whole batches, because random numbers are drawn for a batch together.
        whole = torch.cat([some, some[:1].repeat(_AT_ONCE - len(some))])
        random = torch.Generator().manual_seed(derived_seed(seed, f"pictures from {start}"))
        made = model.draw(whole, prior=prior, temperature=temperature, random=random)
        yield made[: len(some)]
