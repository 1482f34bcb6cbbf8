import CatalogModel

/// What one or more rounds of a verification found.
struct VerifyReport: Sendable {
    /// What a sample that was not consistent in time has to be told about.
    struct Finding: Sendable {
        enum Kind: String, Sendable { case violation, unreachable, late }

        let kind: Kind
        let server: String
        let namespace: String
        /// The path of what was compared.
        let place: String
        let text: String
    }

    private(set) var samples = 0
    private(set) var consistent = 0
    /// Samples that say nothing, because writes went on until the patience was over.
    private(set) var moved = 0
    private(set) var findings: [Finding] = []
    /// The longest time that a consistent sample took.
    private(set) var slowest = Duration.zero

    mutating func countConsistent(_ duration: Duration) {
        samples += 1
        consistent += 1
        slowest = max(slowest, duration)
    }

    mutating func countMoved() { moved += 1 }

    mutating func add(_ finding: Finding) {
        samples += 1
        findings.append(finding)
    }

    mutating func add(_ other: VerifyReport) {
        samples += other.samples
        consistent += other.consistent
        moved += other.moved
        findings += other.findings
        slowest = max(slowest, other.slowest)
    }

    /// The code to exit with; nil for success.
    var exitCode: Int32? {
        let kinds = Set(findings.map(\.kind))
        if kinds.contains(.violation) { return 1 }
        if kinds.contains(.unreachable) { return 3 }
        return kinds.contains(.late) ? 4 : nil
    }

    /// Findings, one a line, and the sum at the end.
    func lines(within milliseconds: Int) -> [String] {
        var lines = findings.map { finding in
            let where_ = [finding.namespace, finding.place].filter { !$0.isEmpty }
            return "\(finding.kind.rawValue.uppercased())  \(finding.server)  "
                + (where_ + [finding.text]).joined(separator: "  ")
        }
        var sum = "\(consistent) of \(samples) samples consistent within \(milliseconds) ms"
        sum += " (slowest \(Self.milliseconds(slowest)) ms"
        if moved > 0 { sum += ", \(moved) left out because writes went on" }
        lines.append(sum + ")")
        return lines
    }

    func json(within milliseconds: Int) -> JSONValue {
        [
            "samples": .int(samples), "consistent": .int(consistent), "movedOn": .int(moved),
            "withinMs": .int(milliseconds), "slowestMs": .int(Self.milliseconds(slowest)),
            "findings": .array(
                findings.map {
                    [
                        "kind": .string($0.kind.rawValue), "server": .string($0.server),
                        "namespace": .string($0.namespace), "place": .string($0.place),
                        "text": .string($0.text),
                    ]
                }),
        ]
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        Int(duration / .milliseconds(1))
    }
}
