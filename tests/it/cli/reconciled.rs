//! `reconcile`: what a job opened beside what it declared.
