"""What the bot can look up, and what a wrong token or a missing scope answers."""

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.server import Sandbox
from tests.bot.sandbox.bots import SlackBot


async def refused(error: str, call: Awaitable[Any]) -> Any:
    with pytest.raises(SlackApiError) as caught:
        await call
    assert caught.value.response["error"] == error
    return caught.value.response


async def test_the_scopes_come_with_the_answer(sandbox: Sandbox, slack_bot: SlackBot) -> None:
    answer = await slack_bot.api.auth_test()
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")
    assert (answer["team"], answer["user_id"]) == ("Demo shop", "U0BOT")
    await sandbox.slack.config(scopes=["commands"])
    response = await refused("missing_scope", slack_bot.api.users_list())
    assert (response["needed"], response["provided"]) == ("users:read", "commands")


async def test_tokens_are_checked(slack_bot: SlackBot) -> None:
    api = slack_bot.api
    await refused("invalid_auth", api.auth_test(token="xoxb-other"))
    await refused("not_allowed_token_type", api.auth_test(token="xapp-sandbox"))
    await refused("invalid_auth", api.apps_connections_open(app_token="xapp-other"))


async def test_an_unknown_method_is_named(slack_bot: SlackBot) -> None:
    await refused("unknown_method", slack_bot.api.api_call("chat.shout"))


async def test_conversations_are_listed_page_by_page(sandbox: Sandbox, slack_bot: SlackBot) -> None:
    for number in range(3):
        await sandbox.slack.channel(f"C{number}", f"c{number}", member=number > 0)
    api = slack_bot.api
    names, cursor = [], ""
    while True:
        page = await api.conversations_list(limit=2, cursor=cursor)
        names += [channel["name"] for channel in page["channels"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert names == ["c0", "c1", "c2"]
    info = await api.conversations_info(channel="C0")
    assert info["channel"]["is_member"] is False
    await refused("not_in_channel", api.conversations_history(channel="C0"))
    assert (await api.conversations_join(channel="C0"))["channel"]["is_member"]
    assert (await api.conversations_history(channel="C0"))["messages"] == []


async def test_people_are_looked_up(sandbox: Sandbox, slack_bot: SlackBot) -> None:
    await sandbox.slack.user("U1", "eve", "Eve Stone")
    api = slack_bot.api
    assert (await api.users_info(user="U1"))["user"]["real_name"] == "Eve Stone"
    await refused("user_not_found", api.users_info(user="U9"))
    assert [m["name"] for m in (await api.users_list())["members"]] == ["stockbell", "eve"]
    await refused("user_not_found", api.conversations_open(users="U9"))
    opened = await api.conversations_open(users="U1", return_im=True)
    assert opened["channel"]["user"] == "U1"
    await refused(
        "method_not_supported_for_channel_type",
        api.conversations_join(channel=opened["channel"]["id"]),
    )


async def test_a_reply_to_a_thread_that_is_not_there_is_refused(
    sandbox: Sandbox, slack_bot: SlackBot
) -> None:
    await sandbox.slack.channel("C1")
    replies = slack_bot.api.conversations_replies(channel="C1", ts="1.2")
    await refused("thread_not_found", replies)


async def test_history_is_read_page_by_page_newest_first(
    sandbox: Sandbox, slack_bot: SlackBot
) -> None:
    await sandbox.slack.channel("C1")
    api = slack_bot.api
    sent = [(await api.chat_postMessage(channel="C1", text=str(n)))["ts"] for n in range(5)]
    first = await api.conversations_history(channel="C1", limit=2)
    await api.chat_postMessage(channel="C1", text="meanwhile")
    cursor = first["response_metadata"]["next_cursor"]
    second = await api.conversations_history(channel="C1", limit=2, cursor=cursor)
    cursor = second["response_metadata"]["next_cursor"]
    third = await api.conversations_history(channel="C1", limit=2, cursor=cursor)
    pages = [[m["text"] for m in page["messages"]] for page in (first, second, third)]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    assert [page["has_more"] for page in (first, second, third)] == [True, True, False]
    assert "response_metadata" not in third.data
    between = await api.conversations_history(channel="C1", oldest=sent[1], latest=sent[3])
    assert [m["text"] for m in between["messages"]] == ["2"]
    closed = await api.conversations_history(
        channel="C1", oldest=sent[1], latest=sent[3], inclusive=True
    )
    assert [m["text"] for m in closed["messages"]] == ["3", "2", "1"]


async def test_history_takes_ids_cursors_and_moments_only(
    sandbox: Sandbox, slack_bot: SlackBot
) -> None:
    await sandbox.slack.channel("C1", "stock")
    await sandbox.slack.user("U1", "eve")
    api = slack_bot.api
    for name in ("#stock", "stock", "U1", "C9"):
        await refused("channel_not_found", api.conversations_history(channel=name))
    await refused("invalid_cursor", api.conversations_history(channel="C1", cursor="?"))
    await refused("invalid_cursor", api.conversations_history(channel="C1", cursor="bm8="))
    await refused("invalid_ts_oldest", api.conversations_history(channel="C1", oldest="today"))
    await refused("invalid_ts_latest", api.conversations_history(channel="C1", latest="today"))


async def test_each_kind_of_conversation_has_its_own_scope(
    sandbox: Sandbox, slack_bot: SlackBot
) -> None:
    await sandbox.slack.channel("C1")
    await sandbox.slack.channel("C2", private=True)
    await sandbox.slack.channel("C3", private=True, member=False)
    await sandbox.slack.user("U1", "eve")
    api = slack_bot.api
    direct = (await api.conversations_open(users="U1"))["channel"]["id"]
    await sandbox.slack.config(scopes=["channels:read"])
    for channel, scope in (("C1", "channels"), ("C2", "groups"), (direct, "im")):
        answer = await refused("missing_scope", api.conversations_history(channel=channel))
        assert answer["needed"] == f"{scope}:history"
    await refused("channel_not_found", api.conversations_history(channel="C3"))
    every = api.conversations_list(types="public_channel,private_channel")
    assert (await refused("missing_scope", every))["needed"] == "groups:read"
    await refused("invalid_types", api.conversations_list(types="secret_channel"))
