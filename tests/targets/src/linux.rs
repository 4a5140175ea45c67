//! What only Linux and Android have.

use tokio::io::{Interest, Ready};

const URGENT: (Interest, Ready) = (Interest::PRIORITY, Ready::PRIORITY);
