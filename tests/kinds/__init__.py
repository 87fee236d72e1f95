"""Kinds of rules that only tests have, each as a real one: three files and one row."""

from bot.app.rules import Row
from bot.services.alerts.kinds import Ruling
from tests.kinds.crowd import queries as crowd_queries
from tests.kinds.crowd import rule as crowd
from tests.kinds.crowd import words as crowd_words
from tests.kinds.expiry import queries as expiry_queries
from tests.kinds.expiry import rule as expiry
from tests.kinds.expiry import words as expiry_words

CROWD = Row(Ruling(crowd.RULE, crowd_queries.Crowd()), crowd_words)
EXPIRY = Row(Ruling(expiry.RULE, expiry_queries.Expiry()), expiry_words)
