"""The image's recipe agrees with the project."""

import re
import tomllib

import pytest

from exporter import DEFAULT_PORT
from tests.deploy.conftest import DEPLOY, ROOT, Run, manifests, read


DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def allowed() -> set[str]:
    """What `.dockerignore` lets into the build."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return {line[1:].removesuffix("/**") for line in lines if line.startswith("!")}


def test_every_place_names_the_same_version() -> None:
    """Image, chart, compose and manifests follow the package's version."""
    chart = read(DEPLOY / "helm/smsc-exporter/Chart.yaml")
    compose = read(DEPLOY / "compose/compose.yml")
    kustomization = read(DEPLOY / "kubernetes/kustomization.yaml")
    plain = (DEPLOY / "kubernetes/exporter.yaml").read_text(encoding="utf-8")
    (deployment,) = [each for each in manifests(plain) if each["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    version = PROJECT["project"]["version"]
    assert re.findall(r"^ARG VERSION=(.+)$", DOCKERFILE, re.MULTILINE) == [version]
    assert (chart["version"], chart["appVersion"]) == (version, version)
    assert compose["services"]["exporter"]["image"] == f"smsc-exporter:{version}"
    assert kustomization["images"][0]["newTag"] == version
    assert container["image"] == f"smsc-exporter:{version}"


def test_the_base_is_pinned() -> None:
    """Both stages start from one release that cannot change."""
    (base,) = re.findall(r"^ARG PYTHON=(.+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON}"}


def test_everything_installed_is_locked() -> None:
    """No command of the build takes a package without its hash."""
    installs = re.findall(r"pip --python \S+ install (.+?)(?: \\)?$", DOCKERFILE, re.MULTILINE)
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)


def test_it_runs_without_root_and_without_a_shell() -> None:
    """The user is a number, and commands are lists."""
    stage = DOCKERFILE.rpartition("FROM ")[2]
    (user,) = re.findall(r"^USER (\d+):\d+$", stage, re.MULTILINE)
    assert int(user) > 0
    commands = re.findall(r"(?:^|\s)(?:ENTRYPOINT|CMD) (.+)$", stage, re.MULTILINE)
    assert len(commands) == 3
    assert all(each.startswith('["') for each in commands)
    assert f"EXPOSE {DEFAULT_PORT}\n" in stage


def test_the_build_gets_all_the_wheel_is_made_of() -> None:
    """A file that the wheel takes in is not left out of the build by `.dockerignore`."""
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    project = PROJECT["project"]
    needed = {"pyproject.toml", project["readme"], *project["license-files"], *wheel["packages"]}
    needed |= set(wheel.get("force-include", {}))
    left_out = {
        name
        for name in needed
        if not any(name == each or name.startswith(f"{each}/") for each in allowed())
    }
    assert left_out == set()
    assert [name for name in allowed() if not (ROOT / name).exists()] == []


@pytest.mark.e2e
def test_hadolint_has_nothing_to_say(run: Run) -> None:
    """The recipe follows what is known of good ones."""
    answer = run("hadolint", "--failure-threshold", "style", ROOT / "Dockerfile")
    assert (answer.returncode, answer.stdout) == (0, "")
