"""What staff may do, in words."""

from bot.domain.contacts import Role
from bot.domain.staff import Refused
from bot.render.escape import Safe
from bot.render.voice import Voice

ROLES = {
    Role.VIEWER: "role.viewer",
    Role.CLERK: "role.clerk",
    Role.MANAGER: "role.manager",
    Role.ADMIN: "role.admin",
}


def role_name(say: Voice, role: Role | None) -> Safe:
    return say("role.nobody") if role is None else say(ROLES[role])


def refused(say: Voice, result: Refused) -> Safe:
    """Why not, and who can change that."""
    if result.role is None:
        return say("refused.stranger")
    needed = role_name(say, result.needed)
    return say("refused.role", role=role_name(say, result.role), needed=needed)
