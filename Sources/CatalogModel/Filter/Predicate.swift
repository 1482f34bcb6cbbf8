/// A filter query whose names and types are resolved, ready to be asked about records.
///
/// Immutable and cheap to copy. A test of an absent value never holds, not even `!=`.
package struct Predicate: Sendable, Hashable {
    /// What a test looks at.
    enum Subject: Sendable, Hashable {
        case field(Int)
        case custom(String)
        case artifact(String)
    }

    /// One comparison of one value.
    struct Test: Sendable, Hashable {
        let subject: Subject
        let rule: ValueRule
    }

    /// A tree of tests.
    indirect enum Node: Sendable, Hashable {
        case all([Node])
        case any([Node])
        case test(Test)
        /// Holds if one and the same artifact passes all tests below.
        case someArtifact(Node)
    }

    let root: Node

    /// Whether the record passes.
    package func matches(_ record: some FilterRecord) -> Bool {
        Self.holds(root, for: record, artifact: nil)
    }

    private static func holds(
        _ node: Node, for record: some FilterRecord, artifact: Int?
    ) -> Bool {
        switch node {
        case .all(let parts):
            parts.allSatisfy { holds($0, for: record, artifact: artifact) }
        case .any(let parts):
            parts.contains { holds($0, for: record, artifact: artifact) }
        case .someArtifact(let part):
            (0..<record.artifactCount).contains { holds(part, for: record, artifact: $0) }
        case .test(let test):
            test.rule.accepts(value(of: test.subject, in: record, artifact: artifact))
        }
    }

    private static func value(
        of subject: Subject, in record: some FilterRecord, artifact: Int?
    ) -> FieldValue {
        switch subject {
        case .field(let number): record.value(ofField: number)
        case .custom(let name): record.customValue(name)
        case .artifact(let name):
            artifact.map { record.artifactValue($0, name) } ?? .missing
        }
    }
}

extension Predicate {
    /// The numbers of the declared fields that the predicate looks at.
    package var fields: Set<Int> {
        var numbers: Set<Int> = []
        visitTests(root) { test in
            if case .field(let number) = test.subject { numbers.insert(number) }
        }
        return numbers
    }

    /// Whether the predicate looks at anything but declared fields.
    package var needsDocument: Bool {
        var found = false
        visitTests(root) { test in
            if case .field = test.subject { return }
            found = true
        }
        return found
    }

    private func visitTests(_ node: Node, _ visit: (Test) -> Void) {
        switch node {
        case .all(let parts), .any(let parts): for part in parts { visitTests(part, visit) }
        case .someArtifact(let part): visitTests(part, visit)
        case .test(let test): visit(test)
        }
    }
}
