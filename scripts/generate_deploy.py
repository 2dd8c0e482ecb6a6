"""Write what deploy/ repeats from elsewhere: rules and dashboards for the chart and for kubectl."""

import sys
from collections.abc import Iterator
from pathlib import Path


ROOT = Path(__file__).resolve().parent.parent
CHART = Path("deploy/helm/smsc-exporter")
MANIFEST = Path("deploy/kubernetes/monitoring/prometheusrule.yaml")
_NOTE = "# Written by scripts/generate_deploy.py from {source}; changes here are lost.\n"
_LINES = "# yamllint disable rule:line-length\n"
_OBJECT = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: smsc-exporter
  labels:
    app.kubernetes.io/name: smsc-exporter
spec:
"""


def generated(root: Path = ROOT) -> dict[Path, str]:
    """Each generated file's path, relative to the root, and its text."""
    groups = _groups(root / "deploy" / "prometheus" / "rules")
    note = _NOTE.format(source="deploy/prometheus/rules") + _LINES
    indented = "".join(f"  {line}" if line.strip() else line for line in groups.splitlines(True))
    files = {CHART / "files/rules.yml": note + groups, MANIFEST: note + _OBJECT + indented}
    for board in sorted((root / "grafana" / "dashboards").glob("*.json")):
        files[CHART / "files/dashboards" / board.name] = board.read_text(encoding="utf-8")
    return files


def stale(files: dict[Path, str], root: Path = ROOT) -> Iterator[Path]:
    """Dashboards in the chart that are no longer there."""
    for path in (root / CHART / "files/dashboards").glob("*.json"):
        if path.relative_to(root) not in files:
            yield path


def _groups(folder: Path) -> str:
    """The groups of all rule files under one key, as they are written."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yml")))
    return "groups:\n" + "".join(text.partition("groups:\n")[2] for text in texts)


def main() -> None:
    """Write the files; with ``--check``, say which of them differ instead."""
    files = generated()
    different = [
        path
        for path, text in files.items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    gone = list(stale(files))
    if "--check" in sys.argv[1:]:
        if different or gone:
            names = ", ".join(map(str, [*different, *(path.relative_to(ROOT) for path in gone)]))
            sys.exit(f"make deploy-files was not run: {names}")
        return
    for path in different:
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(files[path], encoding="utf-8")
    for path in gone:
        path.unlink()


if __name__ == "__main__":
    main()
