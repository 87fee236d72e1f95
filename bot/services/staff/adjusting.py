"""What is pressed and filled in: the Adjust form, and the preview that a large write asks for."""

from dataclasses import dataclass

from bot.domain.adjust_form import MODES, wrong
from bot.domain.codes import whole_number
from bot.domain.customers import Expired
from bot.domain.preview import Preview
from bot.domain.staff import Acting, AdjustForm, FormChecked
from bot.domain.stock import Product
from bot.services.people.members import Members
from bot.services.staff.looking import Looking
from bot.services.staff.writing import Write, Writing, Wrote
from storage import positions, products


@dataclass(frozen=True, slots=True)
class Adjusting:
    """All of it raises NotAllowed."""

    members: Members
    looking: Looking
    writing: Writing

    async def check(self, acting: Acting, form: AdjustForm) -> FormChecked:
        """Reads only: what is wrong is shown in the form, and nothing is stored."""
        async with self.members.read(acting) as (tx, _):
            product = await products.get(tx, form.product_id)
            if product is None:
                return FormChecked({"quantity": "gone"})
            places = (await positions.for_products(tx, [product.id]))[product.id]
            here = next((p.on_hand for p in places if p.location.id == form.location_id), 0)
            codes = wrong(form, here, allow_negative=self.writing.ledger.allow_negative)
            if "changed_meanwhile" not in codes.values():
                return FormChecked(codes)
            return FormChecked(codes, await self.looking.card_of(tx, product, can_write=True))

    async def adjust(self, acting: Acting, form: AdjustForm) -> Wrote | Expired:
        """The submitted form. It was checked; what changed since is answered."""
        number = whole_number(form.quantity)
        async with self.members.write(acting) as (tx, member):
            product = await products.lock(tx, form.product_id)
            if product is None or number is None or form.mode not in MODES:
                return Expired()
            return await self.writing.write(tx, member, _write_of(acting, product, form, number))

    async def confirm(self, acting: Acting, token: str) -> Wrote | Expired:
        """A confirmed preview, whose own key makes two presses one move."""
        preview = Preview.from_token(token)
        async with self.members.write(acting) as (tx, member):
            product = await products.lock(tx, preview.product_id) if preview else None
            if preview is None or product is None:
                return Expired()
            write = Write(
                product=product,
                location_id=preview.location_id,
                quantity=preview.quantity,
                target=None,
                reason=preview.reason,
                key=preview.key,
                source=acting.source,
                shown=preview.shown,
                confirmed=True,
            )
            return await self.writing.write(tx, member, write)


def _write_of(acting: Acting, product: Product, form: AdjustForm, number: int) -> Write:
    sets = form.mode == "set"
    return Write(
        product=product,
        location_id=form.location_id,
        quantity=-number if form.mode == "remove" else number,
        target=number if sets else None,
        reason=form.reason,
        key=acting.key,
        source=acting.source,
        shown=form.shown if sets else None,
    )
