"""Chats that go, come back or move; the bot follows and says nothing."""

from telegram import ChatMember, ChatMemberUpdated, Message

from bot.services.people.people import People
from handlers.telegram.incoming import chat_address

OUT = (ChatMember.BANNED, ChatMember.LEFT)  # a person blocked the bot, a group removed it


async def membership(people: People, change: ChatMemberUpdated) -> None:
    """core.telegram.org/bots/api#update my_chat_member: blocked, unblocked, removed, added."""
    address = chat_address(change.chat)
    if change.new_chat_member.status in OUT:
        await people.blocked(address)
    else:
        await people.came_back(address)


async def migration(people: People, message: Message) -> None:
    """A group became a supergroup: both chats say so, and either is enough."""
    if message.migrate_to_chat_id is not None:
        await people.moved(chat_address(message.chat), chat_address(message.migrate_to_chat_id))
    elif message.migrate_from_chat_id is not None:
        await people.moved(chat_address(message.migrate_from_chat_id), chat_address(message.chat))
