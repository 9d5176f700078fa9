"""A command says what kind of model it needs, and how to get one."""

import pytest
from PIL import Image

from vitral.data import DataFacts
from vitral.nn import FastNet
from vitral.saved import Model
from vitral.tasks import Classify

FACTS = DataFacts(
    classes=("a", "b"), counts=(1, 1), pictures=2, height_px=(9, 9, 9), width_px=(9, 9, 9),
    mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), grey=False,
)  # fmt: skip
COMMANDS = {
    "compress": (("RUN", "a.png", "-o", "out"), "compresses"),
    "decompress": (("a.vtl", "-o", "out", "--model", "RUN"), "compresses"),
    "sample": (("RUN", "-o", "out"), "draws pictures"),
    "interpolate": (("RUN", "a.png", "a.png", "-o", "out"), "draws pictures"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_model_of_another_task_is_refused_with_the_way_to_the_right_one(vitral, tmp_path, command):
    task = Classify(size=16, network=FastNet(widths=(4, 4, 4)))
    Model(task=task, module=task.build(FACTS)).save("c.safetensors")
    Image.new("RGB", (9, 9)).save("a.png")
    words, does = COMMANDS[command]
    code, _, err = vitral(command, *("c.safetensors" if word == "RUN" else word for word in words))
    kind = "compress" if does == "compresses" else "generate"
    assert code == 1
    assert (
        f"c.safetensors: must be a model that {does}, got one for classify; "
        f"`vitral train {kind} FOLDER` makes one" in err
    )
    assert ("--model c.safetensors" in err) == (command == "decompress")
    assert not (tmp_path / "out").exists()
