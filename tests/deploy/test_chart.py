"""The chart, filled in with several shapes of values, is valid and says no to wrong ones."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config.environment import VARIABLES
from tests.deploy.conftest import (
    CHART,
    DEPLOY,
    KUBERNETES,
    ROOT,
    SCHEMAS,
    SHAPES,
    Manifest,
    Render,
    Run,
    manifests,
    of_kind,
    read,
)
from tests.deploy.test_kubernetes import OBJECTS, assert_restricted, container


ALL = sorted(path.stem for path in SHAPES.glob("*.yaml"))
CANARY = "canary"
FREE = {"config", "resources", "affinity"}
"""Values whose keys are somebody else's."""


def keys(values: dict[str, Any], path: str = "") -> set[str]:
    """Every key below the values, with those above it."""
    found = set()
    for name, value in values.items():
        found.add(path + name)
        if isinstance(value, dict) and name not in FREE:
            found |= keys(value, f"{path}{name}.")
    return found


def described(schema: dict[str, Any], path: str = "") -> set[str]:
    """Every key that a schema describes."""
    found = set()
    for name, inner in schema.get("properties", {}).items():
        found |= {path + name} | described(inner, f"{path}{name}.")
    return found


def bare(manifest: Manifest) -> Manifest:
    """Without what only Helm adds."""
    copy: Manifest = json.loads(json.dumps(manifest))
    template = copy["spec"].get("template", {}) if "spec" in copy else {}
    for metadata in (copy["metadata"], template.get("metadata", {})):
        _strip(metadata.get("labels", {}))
        annotations = metadata.get("annotations", {})
        annotations.pop("checksum/config", None)
        annotations.pop("helm.sh/resource-policy", None)
        if not annotations:
            metadata.pop("annotations", None)
    for name in ("selector", "podSelector"):
        selector = copy.get("spec", {}).get(name, {})
        _strip(selector.get("matchLabels", selector))
    return copy


def _strip(labels: dict[str, str]) -> None:
    for name in list(labels):
        if name != "app.kubernetes.io/name":
            del labels[name]


def test_every_value_is_described() -> None:
    """The schema knows each default, and promises nothing that the chart does not have."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = keys(read(CHART / "values.yaml"))
    free = ("dashboards.labels.", "dashboards.annotations.")
    assert {name for name in values if not name.startswith(free)} == {
        name
        for name in described(schema)
        if name != "global" and not name.startswith("web.probeHeaders.")
    }


def test_the_page_shows_values_that_are_there() -> None:
    """What is copied from the documentation is known to the chart."""
    page = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml values\n(.*?)```", page, re.DOTALL)
    free = ("serviceMonitor.labels.", "prometheusRule.labels.")
    shown = {name for name in keys(yaml.safe_load(block)) if not name.startswith(free)}
    assert shown <= keys(read(CHART / "values.yaml"))


@pytest.mark.e2e
@pytest.mark.parametrize("shape", ALL)
def test_helm_has_nothing_to_say(run: Run, shape: str) -> None:
    """Strict linting passes in every shape."""
    answer = run("helm", "lint", "--strict", CHART, "--values", SHAPES / f"{shape}.yaml")
    assert answer.returncode == 0, answer.stdout


@pytest.mark.e2e
@pytest.mark.parametrize("shape", ALL)
def test_every_shape_is_valid(run: Run, render: Render, tmp_path: Path, shape: str) -> None:
    """Kubernetes and the operator know every key of what comes out."""
    objects = render(shape)
    core = [each for each in objects if "coreos" not in each["apiVersion"]]
    (tmp_path / "core.yaml").write_text(yaml.safe_dump_all(core))
    answer = run("kubernetes-validate", "--strict", "-k", KUBERNETES, tmp_path / "core.yaml")
    assert (answer.returncode, "WARN" in answer.stdout) == (0, False), answer.stdout
    for each in objects:
        schema = SCHEMAS / f"{each['kind'].lower()}.json"
        if each not in core:
            (tmp_path / "object.yaml").write_text(yaml.safe_dump(each))
            answer = run("check-jsonschema", "--schemafile", schema, tmp_path / "object.yaml")
            assert answer.returncode == 0, answer.stdout


@pytest.mark.e2e
@pytest.mark.parametrize("shape", ALL)
def test_no_shape_asks_for_rights(render: Render, shape: str) -> None:
    """Whatever is chosen, the pod is restricted and the ledger has one writer."""
    assert_restricted(render(shape))


@pytest.mark.e2e
@pytest.mark.parametrize("shape", ALL)
def test_secrets_stand_in_secrets_alone(render: Render, shape: str) -> None:
    """Neither pod nor configuration shows a password; what the pod mounts is there."""
    objects = render(shape)
    others = [each for each in objects if each["kind"] not in {"Secret", "Deployment"}]
    pod = container(objects)
    assert CANARY not in json.dumps(others)
    assert CANARY not in json.dumps([pod["args"], pod.get("env", [])])
    names = {each["name"] for each in pod.get("env", []) if each["name"].startswith("SMSC")}
    assert names <= {name for name in VARIABLES if name.endswith("_FILE")}


@pytest.mark.e2e
def test_the_plain_manifests_are_those_of_the_chart(render: Render) -> None:
    """Both ways install the same, but for the labels that Helm adds."""
    chart = {each["kind"]: bare(each) for each in render("existing-secret")}
    assert chart == {each["kind"]: bare(each) for each in OBJECTS}


@pytest.mark.e2e
def test_everything_carries_all_dashboards_and_rules(render: Render) -> None:
    """What Grafana's sidecar and the operator read is what the project ships, byte for byte."""
    objects = render("everything")
    boards = {
        name: text
        for each in objects
        if each["kind"] == "ConfigMap" and "grafana_dashboard" in each["metadata"]["labels"]
        for name, text in each["data"].items()
    }
    shipped = {
        path.name: path.read_text(encoding="utf-8")
        for path in (ROOT / "grafana/dashboards").glob("*.json")
    }
    groups = [
        group
        for path in sorted((DEPLOY / "prometheus/rules").glob("*.yml"))
        for group in read(path)["groups"]
    ]
    assert boards == shipped
    assert of_kind("PrometheusRule", objects)["spec"]["groups"] == groups


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ([], "give credentials.login or credentials.existingSecret, or demo: true"),
        (["credentials.login=a"], "give credentials.password or credentials.existingSecret"),
        (["credentials.kind=apikey"], "give credentials.apikey or credentials.existingSecret"),
        (["config.accounts[0].name=a"], "config.accounts needs credentials.existingSecret"),
        (["demo=true", "replicas=2"], "replicas"),
        (["demo=true", "persistence.accessMode=ReadWriteMany"], "persistence.accessMode"),
        (["demo=true", "web.scheme=https"], "web.scheme"),
        (["demo=true", "image.digest=latest"], "image.digest"),
        (["demo=true", "serviceMonitor.interval=30"], "serviceMonitor.interval"),
    ],
)
def test_wrong_values_are_refused_with_a_word(run: Run, settings: list[str], words: str) -> None:
    """A mistake ends before anything is installed, and names the key."""
    chosen = [part for setting in settings for part in ("--set", setting)]
    answer = run("helm", "template", "x", CHART, *chosen)
    assert answer.returncode == 1
    assert words in answer.stdout.replace("/", ".")


@pytest.mark.e2e
def test_a_package_holds_what_the_chart_reads(run: Run, tmp_path: Path) -> None:
    """The packed chart gives the same as the folder."""
    answer = run("helm", "package", CHART, "--destination", tmp_path)
    (package,) = tmp_path.glob("*.tgz")
    values = SHAPES / "everything.yaml"
    packed = run("helm", "template", "x", package, "--values", values)
    folder = run("helm", "template", "x", CHART, "--values", values)
    assert answer.returncode == packed.returncode == 0
    assert manifests(packed.stdout) == manifests(folder.stdout)
