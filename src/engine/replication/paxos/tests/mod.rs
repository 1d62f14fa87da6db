//! Paxos in the hands of tests.
