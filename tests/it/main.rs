//! One test binary.

#[cfg(test)]
mod store;

#[cfg(test)]
mod log;
#[cfg(test)]
mod log_support;

#[cfg(test)]
mod crash;

#[cfg(test)]
mod vectors;
