"""A client made with gmqtt."""

import asyncio

import gmqtt
from gmqtt.mqtt.constants import MQTTv50, MQTTv311

from lines import next_command, say, say_message


class Client(gmqtt.Client):
    """Tells when a message is acknowledged, which the library does not."""

    def _remove_message_from_queue(self, mid):
        super()._remove_message_from_queue(mid)
        say("published")


def on_message(client, topic, payload, qos, properties):
    response_topic = properties.get("response_topic")
    correlation = properties.get("correlation_data")
    say_message(
        topic,
        payload,
        qos,
        properties["retain"],
        response_topic[0] if response_topic else None,
        correlation[0] if correlation else None,
    )
    return 0


def on_subscribe(client, mid, qos, properties):
    say("subscribed", code=qos[0])


async def connect(command):
    v5 = command["version"] == 5
    will = command.get("will")
    client = Client(
        command["client_id"],
        clean_session=command["clean"],
        will_message=gmqtt.Message(will["topic"], will["payload"], will["qos"], will["retain"]) if will else None,
        **({"session_expiry_interval": command["expiry"]} if v5 else {}),
    )
    client.set_config({"reconnect_retries": 0})
    client.on_message, client.on_subscribe = on_message, on_subscribe
    present = asyncio.get_running_loop().create_future()
    client.on_connect = lambda client, session_present, result, properties: present.set_result(bool(session_present))
    await client.connect("127.0.0.1", command["port"], version=MQTTv50 if v5 else MQTTv311)
    say("connected", session_present=await present)
    return client


def publish(client, command):
    properties = {}
    if command.get("response_topic"):
        properties["response_topic"] = command["response_topic"]
    if command.get("correlation"):
        properties["correlation_data"] = bytes.fromhex(command["correlation"])
    client.publish(command["topic"], command["payload"], command["qos"], command["retain"], **properties)
    if command["qos"] == 0:
        say("published")


async def main():
    client = None
    while command := await asyncio.to_thread(next_command):
        match command["do"]:
            case "connect":
                client = await connect(command)
            case "subscribe":
                client.subscribe(command["filter"], command["qos"])
            case "publish":
                publish(client, command)
            case "disconnect":
                await client.disconnect()
                say("disconnected")


asyncio.run(main())
