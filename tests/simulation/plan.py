"""What is going to happen in a world, drawn from its seed."""

from dataclasses import dataclass
from random import Random

CUSTOMERS = (1, 2, 3, 4)
SKUS = ("MUG", "TEA")
# Who waits from the start, in the order of the line: customer, SKU, quantity.
LINE = ((1, "MUG", 1), (2, "MUG", 1), (3, "MUG", 2), (4, "MUG", 1), (2, "TEA", 1))
POINTS = {"MUG": 2}  # low-stock alerts
SAYINGS = ("notify", "stop", "pause", "resume", "bought", "no_thanks")
LASTS = 16.0  # seconds of trouble


@dataclass(frozen=True, slots=True)
class Input:
    """Something that a person does; the platform delivers it `at` these times until it is taken."""

    source: str
    key: str
    sender: str
    says: str
    at: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """How likely things go wrong: on the wire, and with a transaction."""

    wire: float
    storage: float
    blocks: tuple[tuple[float, int], ...]  # when which customer blocks the bot


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    inputs: tuple[Input, ...]
    trouble: Trouble
    deaths: tuple[int, ...]  # at which moments of the process (see World.moment)
    stops: tuple[float, ...]  # when it is told to stop, and started again
    look_again: float  # seconds between two looks of a worker that nobody woke
    hears_after: float  # seconds until a commit wakes the workers


def draw(seed: int) -> Plan:
    dice = Random(f"{seed}:plan")
    level = dice.choice((0.0, 0.15, 0.3, 0.5))
    deaths = sorted(dice.sample(range(1, 90), k=dice.choice((0, 1, 1, 2))))
    return Plan(
        seed=seed,
        inputs=tuple(_inputs(dice)),
        trouble=Trouble(
            wire=level,
            storage=dice.choice((0.0, 0.0, 0.03, 0.08)),
            blocks=tuple(_blocks(dice)),
        ),
        deaths=tuple(deaths),
        stops=(dice.uniform(1, LASTS),) if dice.random() < 0.15 else (),
        look_again=dice.choice((5.0, 20.0, 20.0)),
        hears_after=dice.choice((0.0, 0.5, 0.5, 1.0, 1.0, 1.0, 2.0, 2.0)),
    )


def _inputs(dice: Random) -> list[Input]:
    """A delivery comes first, so that there is something to tell; then whatever happens."""
    says = [("slack", "U0MANAGER", f"MUG +{dice.randint(1, 6)}")]
    says += [_saying(dice) for _ in range(dice.randint(1, 3))]
    moments = sorted(dice.uniform(0.5, LASTS * 0.7) for _ in says[1:])
    return [
        Input(source, f"{source}-{number}", sender, words, _deliveries(dice, at))
        for number, ((source, sender, words), at) in enumerate(
            zip(says, [0.2, *moments], strict=True)
        )
    ]


def _saying(dice: Random) -> tuple[str, str, str]:
    if dice.random() < 0.4:
        who, sku = dice.choice(CUSTOMERS), dice.choice(SKUS)
        return "telegram", str(who), f"{dice.choice(SAYINGS)} {sku}"
    if dice.random() < 0.15:
        return "slack", "U0CLERK", "ack"
    change = dice.choice(("+1", "+2", "+4", "-1", "-2", "-5"))
    return "slack", dice.choice(("U0MANAGER", "U0CLERK")), f"{dice.choice(SKUS)} {change}"


def _deliveries(dice: Random, at: float) -> tuple[float, ...]:
    """One to five times, and each a little later or much: so others come before it."""
    times = dice.choice((1, 1, 1, 1, 1, 2, 2, 5))
    return tuple(at + dice.choice((0.0, dice.uniform(0, 3))) for _ in range(times))


def _blocks(dice: Random) -> list[tuple[float, int]]:
    if dice.random() < 0.85:
        return []
    return [(dice.uniform(0, LASTS), dice.choice(CUSTOMERS))]
