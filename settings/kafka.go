package settings

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"distributed-counter/settings/iam"
)

// KafkaOptions are what every Kafka client of a process needs to be let in by
// the brokers: TLS and SASL. There are none where the settings ask for neither.
// It reads the file of COUNTER_KAFKA_TLS_CA and, for aws-msk-iam, what AWS has
// put into the process's environment. Mains call it once, at the start; an
// error is for a file that holds no certificate, and for settings that do not
// fit together.
func (s Settings) KafkaOptions() ([]kgo.Opt, error) {
	var opts []kgo.Opt
	if s.KafkaTLS {
		config, err := s.kafkaTLS()
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.DialTLSConfig(config))
	} else if s.KafkaTLSCA != "" {
		return nil, errors.New("COUNTER_KAFKA_TLS_CA is set: expected COUNTER_KAFKA_TLS=on with it")
	}

	mechanism, err := s.kafkaSASL()
	if err != nil {
		return nil, err
	}
	if mechanism != nil {
		opts = append(opts, kgo.SASL(mechanism))
	}
	return opts, nil
}

// kafkaSASL is how the process says to the brokers who it is, or nil.
func (s Settings) kafkaSASL() (sasl.Mechanism, error) {
	anonymous := s.KafkaUser == "" && s.KafkaPassword == ""
	switch {
	case s.KafkaSASL == "none" && !anonymous:
		return nil, errors.New("COUNTER_KAFKA_SASL is none: expected plain or scram with COUNTER_KAFKA_USER and COUNTER_KAFKA_PASSWORD")
	case s.KafkaSASL == "none":
		return nil, nil
	case s.KafkaSASL == "aws-msk-iam" && !anonymous:
		return nil, errors.New("COUNTER_KAFKA_SASL is aws-msk-iam: expected neither COUNTER_KAFKA_USER nor COUNTER_KAFKA_PASSWORD with it")
	case s.KafkaSASL == "aws-msk-iam" && !s.KafkaTLS:
		return nil, errors.New("COUNTER_KAFKA_SASL is aws-msk-iam: expected COUNTER_KAFKA_TLS=on with it")
	case s.KafkaSASL == "aws-msk-iam":
		return iam.Mechanism()
	case s.KafkaUser == "" || s.KafkaPassword == "":
		return nil, fmt.Errorf("COUNTER_KAFKA_SASL is %s: expected COUNTER_KAFKA_USER and COUNTER_KAFKA_PASSWORD with it", s.KafkaSASL)
	}
	scramAuth := scram.Auth{User: s.KafkaUser, Pass: s.KafkaPassword}
	switch s.KafkaSASL {
	case "scram-sha-256":
		return scramAuth.AsSha256Mechanism(), nil
	case "scram-sha-512":
		return scramAuth.AsSha512Mechanism(), nil
	}
	return plain.Auth{User: s.KafkaUser, Pass: s.KafkaPassword}.AsMechanism(), nil
}

func (s Settings) kafkaTLS() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.KafkaTLSCA == "" {
		return config, nil
	}
	text, err := os.ReadFile(s.KafkaTLSCA)
	if err != nil {
		return nil, fmt.Errorf("read COUNTER_KAFKA_TLS_CA: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("COUNTER_KAFKA_TLS_CA is %q: expected a file with a certificate in PEM", s.KafkaTLSCA)
	}
	return config, nil
}
