//! Putting halves together moves the stream, so it must not be pinned.

use std::marker::PhantomPinned;

use selkie::io::{Join, ReadHalf, Repeat, Sink, WriteHalf};

struct Pinned(Join<Repeat, Sink>, PhantomPinned);

fn regression_03_halves_of_a_pinned_stream(read: ReadHalf<Pinned>, write: WriteHalf<Pinned>) {
    read.unsplit(write);
}

fn main() {}
