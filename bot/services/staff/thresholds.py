"""Where an alert begins, and where it is over."""

from dataclasses import dataclass

from bot.domain import subjects
from bot.domain.rules import quantity
from bot.domain.staff import Acting, BadThreshold, ThresholdSet
from bot.services.ground import Ground
from bot.services.people.members import Members
from bot.services.staff.meaning import Meaning, NotMeant
from bot.services.stock.ledger import Ledger
from storage import audit, dirty, moves
from storage.rules import stored


@dataclass(frozen=True, slots=True)
class Thresholds:
    ground: Ground
    members: Members
    meaning: Meaning
    ledger: Ledger

    async def set(
        self, acting: Acting, sku: str, location: str, point: int, clear: int | None
    ) -> ThresholdSet | BadThreshold | NotMeant:
        """Alert at `point` or less (0: never), clear at `clear` (None: the default distance).

        Judged anew at once. Raises NotAllowed.
        """
        now = self.ground.now()
        async with self.members.write(acting) as (tx, member):
            if clear is not None and clear <= point:
                return BadThreshold(point, clear)
            meant = await self.meaning.of(tx, sku, location)
            if not isinstance(meant, tuple):
                return meant
            product, place = meant
            # A rule may be set before anything ever lay there.
            await moves.ensure_position(tx, product.id, place, now)
            await moves.set_rule(tx, product.id, place, point, clear, now)
            # No stock moved, so nothing else would have it judged.
            await dirty.mark(tx, product.id, now)
            detail = {"location": place, "point": point or None, "clear": clear}
            subject = subjects.of_product(product.id)
            await audit.write(tx, member.id, acting.source, "threshold", subject, detail, now)
            position = await self.ledger.position(tx, product.id, place)
            terms = quantity.terms_at(position, await stored.terms_of(tx, quantity.RULE))
        return ThresholdSet(product, position, terms.level)
