"""The rules and the Alertmanager example that drills are about."""

from pathlib import Path

import yaml

from exporter.monitoring.rules import rule_groups
from exporter.monitoring.thresholds import Thresholds
from tests.e2e.drills.course import Plan, Rules


CHECKOUT = Path(__file__).resolve().parents[3]
EXAMPLE = CHECKOUT / "deploy" / "alertmanager" / "alertmanager.yml"


def rules(plan: Plan) -> Rules:
    """The default rules for the plan's deadline, as fast as the plan."""
    thresholds = Thresholds()
    delivery = thresholds.delivery.model_copy(update={"deadline": plan.deadline})
    changed = thresholds.model_copy(update={"delivery": delivery})
    example = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    return Rules(
        real=rule_groups(changed), fast=rule_groups(changed, plan.speed), alertmanager=example
    )
