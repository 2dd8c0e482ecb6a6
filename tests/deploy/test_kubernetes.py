"""The plain manifests work together, and ask for no rights."""

from pathlib import Path
from typing import Any

import pytest

from exporter import DEFAULT_PORT
from exporter.config import load
from exporter.config.environment import VARIABLES
from scripts.generate_deploy import MANIFEST, generated
from tests.deploy.conftest import (
    DEPLOY,
    KUBERNETES,
    ROOT,
    SCHEMAS,
    Manifest,
    Run,
    manifests,
    of_kind,
    read,
)


FOLDER = DEPLOY / "kubernetes"
OBJECTS = manifests((FOLDER / "exporter.yaml").read_text(encoding="utf-8"))


def pod(objects: list[Manifest]) -> dict[str, Any]:
    """The pod's specification of a Deployment."""
    specification: dict[str, Any] = of_kind("Deployment", objects)["spec"]["template"]["spec"]
    return specification


def container(objects: list[Manifest]) -> dict[str, Any]:
    """The only container of the pod."""
    (only,) = pod(objects)["containers"]
    return dict(only)


def assert_restricted(objects: list[Manifest]) -> None:
    """What the Pod Security Standard `restricted` asks for, and no more than one writer."""
    deployment, specification = of_kind("Deployment", objects)["spec"], pod(objects)
    context = container(objects)["securityContext"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    assert specification["securityContext"]["runAsNonRoot"] is True
    assert specification["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert specification["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(specification)
    assert context == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_pod_is_restricted() -> None:
    """A namespace that enforces the strictest standard takes it."""
    assert_restricted(OBJECTS)


def test_what_the_pod_names_is_there() -> None:
    """Claim, configuration, account and Secret have the names that the Deployment uses."""
    names = {(each["kind"], each["metadata"]["name"]) for each in OBJECTS}
    secret = read(FOLDER / "secret.example.yaml")
    state, config, secrets = pod(OBJECTS)["volumes"]
    assert ("PersistentVolumeClaim", state["persistentVolumeClaim"]["claimName"]) in names
    assert ("ConfigMap", config["configMap"]["name"]) in names
    assert ("ServiceAccount", pod(OBJECTS)["serviceAccountName"]) in names
    assert secrets["secret"]["secretName"] == secret["metadata"]["name"]


def test_the_exporter_understands_what_it_is_given(tmp_path: Path) -> None:
    """Configuration and Secret, mounted as the Deployment says, make a working account."""
    secret = read(FOLDER / "secret.example.yaml")["stringData"]
    environ = {each["name"]: each["value"] for each in container(OBJECTS)["env"]}
    mounts = {each["name"]: each["mountPath"] for each in container(OBJECTS)["volumeMounts"]}
    assert set(environ) <= set(VARIABLES)
    for name, value in secret.items():
        (tmp_path / name).write_text(value)
        (tmp_path / name).chmod(0o440)
    config = tmp_path / "config.yml"
    config.write_text(of_kind("ConfigMap", OBJECTS)["data"]["config.yml"])
    given = {name: path.replace(mounts["secrets"], str(tmp_path)) for name, path in environ.items()}
    loaded = load(config, given)
    assert loaded.warnings == ()
    assert f"--config.file={mounts['config']}/config.yml" in container(OBJECTS)["args"]


def test_whoever_scrapes_gets_through() -> None:
    """Service, policy, monitor and container agree on the port and on the pods."""
    (port,) = container(OBJECTS)["ports"]
    service, policy = of_kind("Service", OBJECTS)["spec"], of_kind("NetworkPolicy", OBJECTS)["spec"]
    monitor = read(FOLDER / "monitoring/servicemonitor.yaml")["spec"]
    labels = of_kind("Deployment", OBJECTS)["spec"]["template"]["metadata"]["labels"]
    assert port == {"name": "http", "containerPort": DEFAULT_PORT}
    assert service["ports"][0]["targetPort"] == policy["ingress"][0]["ports"][0]["port"] == "http"
    assert service["selector"].items() <= labels.items()
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert monitor["endpoints"][0]["port"] == service["ports"][0]["name"]
    service_labels = of_kind("Service", OBJECTS)["metadata"]["labels"]
    assert monitor["selector"]["matchLabels"].items() <= service_labels.items()


@pytest.mark.parametrize("folder", [FOLDER, FOLDER / "monitoring"])
def test_kustomize_finds_every_file(folder: Path) -> None:
    """`kubectl apply --kustomize` applies all manifests of the folder, but no example Secret."""
    listed = set(read(folder / "kustomization.yaml")["resources"])
    there = {path.name for path in folder.glob("*.yaml")}
    assert listed == there - {"kustomization.yaml", "secret.example.yaml"}


def test_the_rules_are_those_of_prometheus() -> None:
    """The PrometheusRule holds every group of the rule files, word for word."""
    groups = [
        group
        for path in sorted((DEPLOY / "prometheus/rules").glob("*.yml"))
        for group in read(path)["groups"]
    ]
    assert read(ROOT / MANIFEST)["spec"]["groups"] == groups


@pytest.mark.parametrize("path", generated(), ids=str)
def test_generated_files_are_up_to_date(path: Path) -> None:
    """A change of rules or dashboards that was not followed by `make deploy-files` is noticed."""
    assert (ROOT / path).read_text(encoding="utf-8") == generated()[path]


@pytest.mark.e2e
def test_kubernetes_knows_every_key(run: Run) -> None:
    """No key is misspelt, none has a wrong type."""
    paths = (FOLDER / "exporter.yaml", FOLDER / "secret.example.yaml")
    answer = run("kubernetes-validate", "--strict", "-k", KUBERNETES, *paths)
    assert (answer.returncode, "WARN" in answer.stdout) == (0, False), answer.stdout


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["servicemonitor", "prometheusrule"])
def test_the_operator_knows_every_key(run: Run, name: str) -> None:
    """The same for the kinds of the Prometheus operator, as far as they are used here."""
    path = FOLDER / "monitoring" / f"{name}.yaml"
    answer = run("check-jsonschema", "--schemafile", SCHEMAS / f"{name}.json", path)
    assert answer.returncode == 0, answer.stdout
