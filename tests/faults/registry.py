"""Every campaign of `make faults`, by name. A module is only imported when its turn comes."""

from importlib import import_module

from tests.faults.rows import Campaign

CAMPAIGNS: dict[str, str] = {
    "job": "tests.faults.job:killed",
    "kills": "tests.faults.kills:killed",
    "stops": "tests.faults.kills:stopped",
    "answers": "tests.faults.answers:telegram",
    "readback": "tests.faults.answers:slack",
    "refusals": "tests.faults.refusals:refused",
    "held": "tests.faults.refusals:one_held",
    "at30": "tests.faults.broadcast:at_30",
    "paid": "tests.faults.broadcast:paid",
    "people": "tests.faults.broadcast:people_first",
    "idle": "tests.faults.idle:reaction",
    "polled": "tests.faults.inputs:polled",
    "hooked": "tests.faults.inputs:hooked",
    "led": "tests.faults.leader:led",
    "sqlite": "tests.faults.breaking:on_sqlite",
    "postgresql": "tests.faults.breaking:on_postgres",
    "network": "tests.faults.network:network",
    "strangers": "tests.faults.strangers:strangers",
}


def campaign(name: str) -> Campaign:
    """The campaign of this name: an async function of a folder and a seed that returns rows."""
    module, _, function = CAMPAIGNS[name].partition(":")
    found: Campaign = getattr(import_module(module), function)
    return found
