# SPDX-License-Identifier: Apache-2.0
"""Help, manual, completion and parser come from one table: they must say the same."""
import os
import re
import shlex
import subprocess

import harness
from harness import ROOM, ROOT, Skip, commands, one_sentence, run


def options_of_help(command):
    text = run(command, "--help").stdout.split("options:\n")[1].split("\nexamples:")[0]
    return re.findall(r"^  (?:-(\w), |    )--([a-z-]+)(?: (\S+))?", text, re.M)


def test_every_command_has_help_and_a_page():
    names = commands()
    assert {"map", "demo", "info", "eval", "doctor", "bench"} <= set(names), names
    for name in names:
        text = run(name, "--help").stdout
        assert text.startswith(f"omma {name}: ") and "usage: omma " in text
        assert run("help", name).stdout == text
        page = run("man", name).stdout
        for _, option, _ in options_of_help(name):
            assert f"*--{option}*" in page, (name, option)
        assert max(map(len, text.splitlines())) <= 100


def test_every_option_of_the_help_is_understood():
    for name in commands():
        for letter, option, value in options_of_help(name):
            words = [f"--{option}"] + ([] if value is None or option == "help" else [])
            r = run(name, *words, "--help", code=None)
            assert "has no option" not in r.stderr, (name, option)
            if letter:
                r = run(name, f"-{letter}", "--help", code=None)
                assert "has no option" not in r.stderr, (name, letter)


def test_manual_pages_are_good_scdoc():
    try:
        subprocess.run(["scdoc"], input=b"", capture_output=True, check=False)
    except FileNotFoundError:
        raise Skip("no scdoc")
    for name in [[], *[[x] for x in commands()]]:
        page = run("man", *name).stdout
        r = subprocess.run(["scdoc"], input=page.encode(), capture_output=True)
        assert r.returncode == 0 and r.stdout.startswith(b'.\\"'), (name, r.stderr)


def test_exit_codes_are_documented():
    listed = dict(re.findall(r"^  (\d+) +(.*)$", run("help").stdout, re.M))
    assert set(listed) == {"0", "1", "2", "3", "4", "5", "6", "7", "8", "130", "141"}
    page = run("man", "map").stdout
    with open(os.path.join(ROOT, "docs", "cli.md")) as f:
        text = f.read()
    for code, says in listed.items():
        assert f"*{code}*\n\t{says}" in page
        assert re.search(rf"\|\s*{code}\s*\|", text), f"docs/cli.md does not tell {code}"


def test_docs_name_every_option():
    with open(os.path.join(ROOT, "docs", "cli.md")) as f:
        text = f.read()
    for name in commands():
        assert f"omma {name}" in text, name
        for _, option, _ in options_of_help(name):
            assert f"--{option}" in text, f"docs/cli.md does not tell --{option} of omma {name}"


def test_wrong_words_get_a_suggestion():
    cases = {
        ("mpa",): "omma map",
        ("map", "--outptu", "x", "a"): "--output",
        ("map", "--every-frames", "a"): "--every-frame",
        ("map",): "INPUT",
        ("map", "a", "b"): "b",
        ("map", "a", "--seed"): "--seed N",
        ("map", "a", "--seed", "-3"): "whole number",
        ("map", "a", "--fov", "190"): "between",
        ("map", "a", "--fov", "nan"): "number",
        ("map", "a", "--backend", "lsd"): "classical|synthetic",
        ("map", "a", "--fov", "60", "--camera", "1,1,1,1"): "together",
        ("map", "a", "--realtime", "--every-frame"): "together",
        ("map", "a", "--quiet", "--verbose"): "together",
        ("map", "a", "--json=yes"): "no value",
        ("eval", "a"): "GROUNDTRUTH",
        ("completion", "csh"): "bash",
        ("help", "mpa"): "omma map",
    }
    for words, says in cases.items():
        r = run(*words, code=2)
        assert says in r.stderr, (words, r.stderr)
        assert r.stdout == "" and len(r.stderr.splitlines()) == 1, (words, r.stderr)


def test_no_words_show_the_commands_and_fail():
    r = run(code=2)
    assert r.stdout == "" and "commands:" in r.stderr
    assert run("--help").stdout == run("help").stdout
    assert re.fullmatch(r"omma \d+\.\d+\.\d+\n", run("--version").stdout)


def complete(script, *words):
    """What bash would offer for the last word."""
    quoted = " ".join(f"'{w}'" for w in ("omma", *words))
    text = (f"source {script}\nCOMP_WORDS=({quoted})\nCOMP_CWORD={len(words)}\n"
            "_omma 2>/dev/null\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n")
    r = subprocess.run(["bash", "--norc", "-c", text], capture_output=True, text=True)
    return set(r.stdout.split())


def test_completion_in_bash():
    with open("omma.bash", "w") as f:
        f.write(run("completion", "bash").stdout)
    script = os.path.abspath("omma.bash")
    assert set(commands()) <= complete(script, "")
    assert complete(script, "ma") == {"map"}
    assert complete(script, "map", "--ev") == {"--every-frame"}
    assert complete(script, "map", "--backend", "") == {"classical", "synthetic"}
    assert complete(script, "eval", "--align", "s") == {"sim3", "se3"}
    assert complete(script, "completion", "") == {"bash", "zsh", "fish"}
    open("clip.mp4", "w").close()
    assert complete(script, "map", "cl") == {"clip.mp4"}
    os.mkdir("folder")
    assert complete(script, "map", "-o", "") == {"folder"}
    for name in commands():
        offered = complete(script, name, "-")
        for _, option, _ in options_of_help(name):
            assert f"--{option}" in offered or name == "help", (name, option)


def test_other_completions_know_every_option():
    zsh, fish = run("completion", "zsh").stdout, run("completion", "fish").stdout
    for name in commands():
        for _, option, _ in options_of_help(name):
            assert f"--{option}" in zsh and f"-l {option}" in fish


def test_examples_of_the_help_are_understood():
    """Every example of every page is a line that the parser takes: --help behind it is reached."""
    for name in commands():
        text = run(name, "--help").stdout
        examples = text.split("examples:\n")[1] if "examples:" in text else ""
        for line in re.findall(r"^  (omma [^\n]*)$", examples, re.M):
            words = shlex.split(line)[1:]
            assert words[0] == name, line
            assert run(*words, "--help").stdout == text, line


harness.main(globals())
