/// A named table of an environment, opened once and valid until it is dropped or the environment
/// closed.
package struct Table: Sendable, Hashable {
    /// The library's handle.
    let handle: UInt32
}
