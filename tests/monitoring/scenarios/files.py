"""Every file of unit tests."""

from tests.monitoring.scenarios.day import day
from tests.monitoring.scenarios.delivery import delivery
from tests.monitoring.scenarios.longterm import habits, objective
from tests.monitoring.scenarios.money import money
from tests.monitoring.scenarios.polling import polling
from tests.monitoring.scenarios.process import process
from tests.monitoring.scenarios.records import records
from tests.monitoring.scenarios.troubles import queues, senders, slowness
from tests.monitoring.scenarios.week import week


FILES = (
    delivery(),
    senders(),
    queues(),
    slowness(),
    habits(),
    objective(),
    day(),
    week(),
    money(),
    polling(),
    process(),
    records(),
)
