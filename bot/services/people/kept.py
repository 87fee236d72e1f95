"""All that is kept about a person, as they may read it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.contacts import Contact, Person
from bot.domain.stock import Product
from bot.domain.subscriptions import StoredSubscription
from storage.history import KeptNotice


@dataclass(frozen=True, slots=True)
class Kept:
    """`products` are those of the subscriptions, by id."""

    person: Person
    contacts: Sequence[Contact]
    subscriptions: Sequence[StoredSubscription]
    products: Mapping[int, Product]
    told: Sequence[KeptNotice]

    def as_json(self) -> str:
        """The file of /mydata."""
        person = self.person
        document = {
            "contacts": [_contact(one) for one in self.contacts],
            "language": person.language,
            "zone": person.zone,
            "preferences": dict(person.preferences),
            "role": person.role.word if person.role else None,
            "since": person.created_at.isoformat(),
            "subscriptions": [
                _subscription(one, self.products[one.product_id]) for one in self.subscriptions
            ],
            "messages": [_notice(one) for one in self.told],
        }
        return json.dumps(document, ensure_ascii=False, indent=2)


def _contact(one: Contact) -> dict[str, Any]:
    return {
        "way": one.address.way,
        "id": one.address.value,
        "name": one.name,
        "state": one.state,
        "verified": one.verified,
        "preferred": one.preferred,
    }


def _subscription(one: StoredSubscription, product: Product) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "quantity": one.quantity,
        "state": one.state,
        "reason": one.reason,
        "created_at": one.created_at.isoformat(),
        "updated_at": one.updated_at.isoformat(),
    }


def _notice(one: KeptNotice) -> dict[str, Any]:
    return {
        "to": one.way,
        "kind": one.kind,
        "state": one.state,
        "reason": one.reason,
        "created_at": one.created_at.isoformat(),
    }
