"""The broker is told what it understands, whichever it is."""

from __future__ import annotations

import inspect
from typing import Any

import amqp
import pytest
from kombu.transport.redis import Channel

from bot.settings import Settings
from workers.app import broker_url, make_app, transport_options

AMQP = "amqp://somebody:secret@broker:5672//"
REDIS = "redis://broker:6379/0"


def settings(**more: Any) -> Settings:
    return Settings(_env_file=None, **more)


@pytest.mark.parametrize("url", [AMQP, "amqps://broker//", "pyamqp://broker//"])
def test_rabbitmq_is_told_nothing_that_only_valkey_knows(url: str) -> None:
    known = inspect.signature(amqp.Connection.__init__).parameters
    options = transport_options(url)
    assert set(options) <= set(known)
    assert options["confirm_publish"] is True
    assert make_app(settings(celery_broker_url=url)).conf.broker_transport_options == options


def test_valkey_is_told_to_give_back_soon_what_a_dead_worker_held() -> None:
    options = transport_options(REDIS)
    assert {"visibility_timeout", "unacked_restore_interval", "unacked_restore_throttle"} <= set(options)
    assert set(options) <= set(Channel.from_transport_options)


def test_the_broker_is_the_one_that_is_named_else_redis() -> None:
    assert broker_url(settings(redis_url=REDIS)) == REDIS
    assert broker_url(settings(redis_url=REDIS, celery_broker_url=AMQP)) == AMQP
    socket = broker_url(settings(redis_url="unix:///run/valkey.sock?db=3"))
    assert socket == "redis+socket:///run/valkey.sock?virtual_host=3"


@pytest.mark.parametrize("url", [AMQP, REDIS])
def test_whatever_the_broker_a_task_is_acknowledged_late_and_one_at_a_time(url: str) -> None:
    conf = make_app(settings(celery_broker_url=url)).conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost) == (True, True)
    assert (conf.worker_prefetch_multiplier, conf.task_ignore_result) == (1, True)
    assert conf.accept_content == ["json"]
