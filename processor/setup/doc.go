// Package setup makes a processor out of the settings of the environment: the
// pipeline's Config, the options of its Kafka clients, and its health as the
// admin server tells it.
//
// It hides which setting becomes which field. Two programs start a processor,
// processor and standalone, and both must understand a setting in the same
// way, so this is in one place. It is not in package pipeline, which is given
// a Config and knows no environment, nor in package settings, which is linked
// into programs without Kafka's transactions or RocksDB.
package setup
