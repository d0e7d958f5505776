app-name = MQTT Playground
