"""From a folder of pictures to answers, only by typing commands."""

import json

import pytest

TRAIN = ["--epochs", "8", "--batch", "4", "--threads", "1", "--device", "cpu", "--precision", "float32"]
KEYS = {"task", "pictures", "skipped", "accuracy", "top5", "macro_f1", "per_class", "confusion"}


@pytest.fixture
def vitral(vitral):
    """Run a command line in an empty folder; gives (exit code, JSON or text of stdout, stderr)."""

    def run(*words):
        code, out, err = vitral(*words)
        return code, json.loads(out) if "--json" in words else out, err

    return run


def test_look_train_evaluate_predict(vitral, tiny_folder, tmp_path):
    code, found, _ = vitral("look", tiny_folder, "--json")
    assert code == 0
    assert found["pictures"] == 24
    assert set(found["counts"]) == {"bar", "disk", "square"}
    assert "<html" in (tmp_path / "look.html").read_text()

    code, trained, err = vitral("train", "classify", tiny_folder, *TRAIN, "--json")
    assert code == 0, err
    assert trained["run"] == "runs/classify-tiny-1"
    assert trained["finished"]
    for word in ("device", "precision", "size", "network", "optimizer", "asked auto"):
        assert word in err
    run = tmp_path / trained["run"]
    names = {"run.json", "metrics.jsonl", "report.html", "model.safetensors", "checkpoint"}
    assert names <= {path.name for path in run.iterdir()}

    code, judged, _ = vitral("evaluate", run, tiny_folder, "--split", "all", "--json", "--page", "page.html")
    assert code == 0
    assert set(judged) >= KEYS
    assert judged["task"] == "classify"
    assert judged["pictures"] == 24
    assert judged["accuracy"] >= 0.8
    assert sum(map(sum, judged["confusion"])) == 24
    assert "<html" in (tmp_path / "page.html").read_text()

    disk = tiny_folder / "disk" / "3.png"
    code, answers, _ = vitral("predict", run, disk, tiny_folder / "bar", "--json", "--out", "answers")
    assert code == 0
    assert answers["pictures"] == 9
    assert answers["predictions"][0]["picture"] == str(disk)
    assert sum(answers["predictions"][0]["scores"].values()) == pytest.approx(1, abs=1e-4)
    assert "<html" in (tmp_path / "answers" / "index.html").read_text()
    code, text, _ = vitral("predict", run / "model.safetensors", disk)
    assert code == 0
    assert "3.png" in text

    code, again, _ = vitral("resume", run, "--json")
    assert code == 0
    assert again["finished"]
    assert again["validation"] == trained["validation"]

    code, second, _ = vitral(
        "train", "classify", tiny_folder, "--config", run / "run.json", "--epochs", "1", "--json"
    )
    assert code == 0
    assert second["run"] == "runs/classify-tiny-2"
    assert second["epochs"] == 1


def test_the_folder_a_run_was_trained_on_is_judged_by_its_test_part(vitral, tiny_folder):
    code, trained, err = vitral(
        "train", "classify", tiny_folder, *TRAIN, "--epochs", "1", "--set", "test=0.3", "--json"
    )
    assert code == 0, err
    code, judged, _ = vitral("evaluate", trained["run"], tiny_folder, "--json")
    assert code == 0
    assert judged["split"] == "test"
    assert 0 < judged["pictures"] < 24


def test_a_page_shows_a_hostile_name_as_text(vitral, tiny_folder):
    (tiny_folder / "bar").rename(tiny_folder / "<script>alert(1)<")
    code, trained, err = vitral("train", "classify", tiny_folder, *TRAIN, "--epochs", "1", "--json")
    assert code == 0, err
    with open(trained["report"], encoding="utf-8") as file:
        page = file.read()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_time_budget_is_kept(vitral, tiny_folder):
    code, trained, err = vitral("train", "classify", tiny_folder, *TRAIN[2:], "--minutes", "0.05", "--json")
    assert code == 0, err
    assert trained["seconds"] < 12


def test_the_same_command_gives_the_same_model(vitral, tiny_folder, tmp_path):
    for name in ("one", "two"):
        code, _, err = vitral("train", "classify", tiny_folder, "--out", name, *TRAIN, "--epochs", "2")
        assert code == 0, err
    import torch

    import vitral as vt

    one, two = (vt.load(tmp_path / name).module.state_dict() for name in ("one", "two"))
    assert all(torch.equal(one[key], two[key]) for key in one)
    code, _, _ = vitral(
        "train", "classify", tiny_folder, "--out", "three", *TRAIN, "--epochs", "2", "--seed", "1"
    )
    three = vt.load(tmp_path / "three").module.state_dict()
    assert not all(torch.equal(one[key], three[key]) for key in one)


def test_python_does_what_the_readme_says(tiny_folder, tmp_path, monkeypatch):
    import vitral as vt

    monkeypatch.chdir(tmp_path)
    data = vt.open(tiny_folder)
    run = vt.train(vt.Classify(size=32), data, epochs=1, threads=1, precision="float32")
    assert run.model is not None
    answer = run.model.predict(tiny_folder / "disk" / "0.png")
    assert answer.label in data.classes
    assert 0 < answer.confidence <= 1
    assert vt.load(run.folder).predict(str(tiny_folder / "disk" / "0.png")) == answer
    judged = vt.evaluate(run.model, vt.open(tiny_folder), split="all")
    right = sum(
        run.model.predict(data.pixels(i)).label == data.classes[data.labels[i]] for i in range(len(data))
    )
    assert judged.figures["accuracy"] == pytest.approx(right / len(data))
