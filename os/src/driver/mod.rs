//! Room driver.
