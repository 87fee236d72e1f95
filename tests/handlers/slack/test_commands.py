import pytest

from handlers.slack.commands import as_typed
from tests.handlers.slack.desk import Desk


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("MUG &amp; CO", "MUG & CO"),
        ("a &lt;b&gt; &amp;lt;", "a <b> &lt;"),
        ("MUG.IO +5", "MUG.IO +5"),
        ("<http://MUG.IO|MUG.IO> +5", "MUG.IO +5"),
        ("<https://shop.example/a>", "shop.example/a"),
        ("<mailto:a@b.io|a@b.io> =1", "a@b.io =1"),
        ("MUG +5 for <#C1|warehouse>", "MUG +5 for #warehouse"),
        ("role <@U1|ann> clerk", "role <@U1|ann> clerk"),
        ("&nbsp;&quot;", "&nbsp;&quot;"),
    ],
)
def test_slacks_escapes_are_undone_but_for_people(text: str, typed: str) -> None:
    assert as_typed(text) == typed


async def test_a_role_is_given_by_mention(open_socket: Desk) -> None:
    ada, sam = open_socket.person("ada"), open_socket.person("sam")
    await sam.command("/stock MUG-BLUE +5")
    await sam.wait_for(lambda message: message["ephemeral"])
    assert await open_socket.on_hand() == 20
    await ada.command("/stock role @sam clerk")
    await ada.wait_for("<@U0STRANGER>")
    await sam.command("/stock MUG-BLUE +5")
    await sam.wait_for("25")


async def test_a_stranger_is_refused_politely(open_socket: Desk) -> None:
    sam = open_socket.person("sam")
    await sam.command("/stock low")
    refusal = await sam.wait_for("role")
    assert refusal["ephemeral"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/stock", "/stock low"),
        ("/stock help", "/stock low"),
        ("/stock low", ""),
        ("/stock why MUG-BLUE", "20"),
        ("/stock MUG-BLUE －5", "15"),
        ("/stock threshold MUG-BLUE 10 clear 14", "14"),
        ("/stock blue mug", "MUG-BLUE"),
        ("/stock blue mug +5", "MUG-BLUE"),
        ("/stock role", "U0CLERK"),
        ("/stock MUG-BLUE +x5", "+x5"),
    ],
)
async def test_every_way_of_asking_is_answered(open_socket: Desk, line: str, answer: str) -> None:
    max_ = open_socket.person("max")
    await max_.command(line)
    assert (await max_.wait_for(answer))["ephemeral"]


async def test_an_answer_to_a_used_up_command_falls_back_to_an_ephemeral_message(
    open_socket: Desk,
) -> None:
    await open_socket.sandbox.driver.faults(
        slack={"fail_next": [{"method": "response_url", "error": "used_url"}]}
    )
    cleo = open_socket.person("cleo")
    await cleo.command("/stock MUG-BLUE +5")
    assert (await cleo.wait_for("25"))["ephemeral"]
    assert await open_socket.sandbox.driver.log(method="chat.postEphemeral")


async def test_where_the_bot_is_no_member_it_falls_back_to_a_direct_message(
    open_socket: Desk,
) -> None:
    await open_socket.sandbox.slack.channel("C2", "elsewhere", member=False)
    await open_socket.sandbox.driver.faults(
        slack={"fail_next": [{"method": "response_url", "error": "expired_url"}]}
    )
    cleo = open_socket.person("cleo")
    await cleo.command("/stock MUG-BLUE +5", channel="C2")
    answer = await cleo.wait_for("25")
    assert not answer.get("ephemeral")
    assert answer["channel"].startswith("D")


@pytest.mark.parametrize("way", ["response_url", "chat.postEphemeral"])
async def test_an_answer_that_slack_refuses_comes_as_plain_text_and_staff_hear_of_it(
    open_socket: Desk, way: str
) -> None:
    spent = [] if way == "response_url" else [{"method": "response_url", "error": "used_url"}]
    refusal = {"method": way, "error": "invalid_blocks"}
    await open_socket.sandbox.driver.faults(slack={"fail_next": [*spent, refusal]})
    await open_socket.shop.alert_channel()
    cleo = open_socket.person("cleo")
    await cleo.command("/stock MUG-BLUE +5")
    assert not (await cleo.wait_for("25"))["blocks"]
    (fault,) = await open_socket.shop.rows("notice")
    assert fault.payload == {"what": "fault.form", "platform": "slack", "detail": "invalid_blocks"}


async def test_an_answer_that_gets_lost_is_given_again_and_the_move_is_not(
    open_socket: Desk,
) -> None:
    await open_socket.sandbox.driver.faults(
        slack={"fail_next": [{"method": "response_url", "drop_before": True}]}
    )
    cleo = open_socket.person("cleo")
    await cleo.command("/stock MUG-BLUE +5")
    await open_socket.sandbox.driver.wait_for_requests("response_url", 1)
    await open_socket.written_down()
    open_socket.shop.clock.forward(minutes=1)
    open_socket.bell.ring()
    await cleo.wait_for("25")
    assert await open_socket.on_hand() == 25


async def test_who_can_be_reached_nowhere_loses_the_answer_and_not_the_move(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    payload = {
        "kind": "command",
        "key": "slack:command:1",
        "user": "U0CLERK",
        "name": "cleo",
        "channel": "C404",
        "response_url": "",
        "text": "MUG-BLUE +5",
    }
    refusal = {"method": "chat.postMessage", "error": "messages_tab_disabled"}
    await desk.sandbox.driver.faults(slack={"fail_next": [refusal]})
    await desk.side.dispatch(payload)
    assert await desk.on_hand() == 25
    assert "messages_tab_disabled" in caplog.text
