//! Tests of the whole project; the programs are in the folders beside this one.
