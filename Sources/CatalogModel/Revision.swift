/// The dense number of a committed change of one namespace.
///
/// A write returns it and a read may ask for it: it is where the two paths meet.
package struct Revision: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let value: UInt64

    /// The revision of a namespace that never changed.
    package static let zero = Revision(0)

    /// Wraps a number.
    package init(_ value: UInt64) {
        self.value = value
    }

    /// Reads the decimal form that headers carry, or returns nil.
    package init?(text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy(\.isASCIIDigit), let value = UInt64(text) else {
            return nil
        }
        self.value = value
    }

    /// The revision that follows this one.
    package var next: Revision { Revision(value + 1) }

    package static func < (left: Revision, right: Revision) -> Bool { left.value < right.value }

    package var description: String { String(value) }
}
