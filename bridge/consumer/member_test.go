package consumer_test

const memberEnv = "CONSUMER_TEST_MEMBER"

func memberMain() int { return 0 }
