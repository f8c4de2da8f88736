package settings

func kafkaRows() []Setting {
	return []Setting{
		row("COUNTER_KAFKA_TLS", "off", kafkaClients, "on speaks TLS to the brokers, whose certificates must be right",
			oneOf(func(s *Settings, v string) { s.KafkaTLS = v == "on" }, "off", "on")),
		row("COUNTER_KAFKA_TLS_CA", "", kafkaClients, "a file of certificates in PEM: who may have signed those of the brokers; without it, whom the system trusts",
			text(func(s *Settings) *string { return &s.KafkaTLSCA }, 4096)),
		row("COUNTER_KAFKA_SASL", "none", kafkaClients, "how to say to the brokers who one is; plain shows them the password, so use it with TLS only; aws-msk-iam takes the role of the function, container or machine, and wants TLS",
			oneOf(func(s *Settings, v string) { s.KafkaSASL = v }, "none", "plain", "scram-sha-256", "scram-sha-512", "aws-msk-iam")),
		row("COUNTER_KAFKA_USER", "", kafkaClients, "the user of COUNTER_KAFKA_SASL",
			text(func(s *Settings) *string { return &s.KafkaUser }, 255)),
		row("COUNTER_KAFKA_PASSWORD", "", kafkaClients, "its password; it is never logged",
			text(func(s *Settings) *string { return &s.KafkaPassword }, 1024)).
			hidden(),
	}
}
