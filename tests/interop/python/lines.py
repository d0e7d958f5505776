"""The language that all clients of these tests speak: see README.md beside this folder."""

import json
import sys
import threading

_lock = threading.Lock()


def say(word, **fields):
    with _lock:
        print(word, json.dumps(fields), flush=True)


def say_message(topic, payload, qos, retain, response_topic=None, correlation=None):
    say(
        "message",
        topic=topic,
        payload=payload.decode(),
        qos=qos,
        retain=bool(retain),
        response_topic=response_topic,
        correlation=None if correlation is None else correlation.hex(),
    )


def next_command():
    """The next command, None at the end. Blocks."""
    line = sys.stdin.readline()
    return json.loads(line) if line else None
