"""The flags people type: a change of this list is a change of the product."""

import re

import pytest

from vitral.cli import main

FLAGS = {
    ("train", "classify"): [
        "--batch", "--config", "--device", "--encoder", "--epochs", "--flip", "--frozen", "--help", "--json",
        "--minutes", "--network", "--no-flip", "--optimizer", "--out", "--precision", "--seed", "--set",
        "--size", "--strict", "--threads",
    ],
    ("train", "segment"): [
        "--batch", "--config", "--device", "--encoder", "--epochs", "--flip", "--frozen", "--help",
        "--json", "--loss", "--minutes", "--no-flip", "--optimizer", "--out", "--precision",
        "--seed", "--set", "--size", "--strict", "--threads",
    ],
    **{
        ("train", task): [
            "--batch", "--config", "--device", "--encoder", "--epochs", "--flip", "--frozen", "--help",
            "--json", "--minutes", "--network", "--no-flip", "--optimizer", "--out", "--precision",
            "--seed", "--set", "--size", "--strict", "--threads",
        ]
        for task in ("colorize", "detect")
    },
    ("evaluate",): ["--help", "--json", "--judge", "--page", "--split", "--threads"],
    ("predict",): ["--format", "--help", "--json", "--out", "--overwrite", "--threads"],
    ("resume",): ["--help", "--json"],
    ("look",): ["--augment", "--help", "--json", "--model", "--page", "--strip", "--threads"],
    ("pack",): [
        "--check", "--help", "--json", "--max-side", "--overwrite", "--quality", "--raw", "--shard-mb",
        "--threads",
    ],
    ("colorize",): [
        "--help", "--hint", "--json", "--out", "--overwrite", "--proposals", "--strip", "--threads",
        "--vividness",
    ],
    ("compress",): ["--help", "--json", "--out", "--overwrite", "--quality", "--threads"],
    ("decompress",): ["--help", "--json", "--model", "--out", "--overwrite", "--rescue", "--threads"],
    ("sample",): [
        "--class", "--help", "--json", "--number", "--out", "--overwrite", "--prior", "--seed",
        "--temperature", "--threads",
    ],
    ("interpolate",): ["--help", "--json", "--out", "--overwrite", "--steps", "--threads"],
    ("encode",): ["--help", "--json", "--out", "--overwrite", "--threads"],
    ("export",): [
        "--dynamic", "--help", "--json", "--out", "--overwrite", "--part", "--size", "--threads",
    ],
    ("demo",): ["--help", "--json", "--out", "--threads"],
}  # fmt: skip


@pytest.mark.parametrize("words", FLAGS, ids=" ".join)
def test_the_flags_of_a_command_are_those_listed_here(words, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as end:
        main([*words, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    shown = {flag for line in text.splitlines() for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", line)}
    assert shown == set(FLAGS[words])
    assert len(shown) <= 20
