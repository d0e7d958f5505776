"""A client made with paho-mqtt."""

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from lines import next_command, say, say_message


def on_connect(client, userdata, flags, reason_code, properties):
    if reason_code.is_failure:
        say("refused", code=reason_code.value)
    else:
        say("connected", session_present=flags.session_present)


def on_subscribe(client, userdata, mid, reason_codes, properties):
    say("subscribed", code=reason_codes[0].value)


def on_publish(client, userdata, mid, reason_code, properties):
    say("published")


def on_message(client, userdata, message):
    properties = message.properties
    say_message(
        message.topic,
        message.payload,
        message.qos,
        message.retain,
        getattr(properties, "ResponseTopic", None),
        getattr(properties, "CorrelationData", None),
    )


def on_disconnect(client, userdata, flags, reason_code, properties):
    say("disconnected")


def connect(command):
    v5 = command["version"] == 5
    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2,
        client_id=command["client_id"],
        protocol=mqtt.MQTTv5 if v5 else mqtt.MQTTv311,
        clean_session=None if v5 else command["clean"],
        transport=command["transport"],
        reconnect_on_failure=False,
    )
    client.on_connect, client.on_subscribe, client.on_publish = on_connect, on_subscribe, on_publish
    client.on_message, client.on_disconnect = on_message, on_disconnect
    will = command.get("will")
    if will:
        client.will_set(will["topic"], will["payload"], will["qos"], will["retain"])
    arguments = {}
    if v5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = command["expiry"]
        arguments = {"clean_start": command["clean"], "properties": properties}
    client.connect("127.0.0.1", command["port"], keepalive=60, **arguments)
    client.loop_start()
    return client


def publish(client, command):
    properties = None
    if command.get("response_topic"):
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = command["response_topic"]
    if command.get("correlation"):
        properties = properties or Properties(PacketTypes.PUBLISH)
        properties.CorrelationData = bytes.fromhex(command["correlation"])
    client.publish(command["topic"], command["payload"], command["qos"], command["retain"], properties)


def main():
    client = None
    while command := next_command():
        match command["do"]:
            case "connect":
                client = connect(command)
            case "subscribe":
                client.subscribe(command["filter"], command["qos"])
            case "publish":
                publish(client, command)
            case "disconnect":
                client.disconnect()
                client.loop_stop()


main()
