/// What one request of a mix does.
package enum Operation: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable {
    /// Gets an entity by name.
    case get
    /// Asks for one page of a list.
    case list
    /// Gets an entity with the ETag of its last answer.
    case conditional
    /// Gets a name that no entity has.
    case absent
    /// Gets an entity past the cache, which asks the store as a miss does.
    case miss
    /// Changes an entity by a merge patch.
    case write

    /// The position among all operations.
    package var index: Int {
        switch self {
        case .get: 0
        case .list: 1
        case .conditional: 2
        case .absent: 3
        case .miss: 4
        case .write: 5
        }
    }

    /// Whether an answer of this status is what the operation wants.
    package func expects(status: Int) -> Bool {
        switch self {
        case .get, .list, .miss, .write: status == 200
        case .conditional: status == 304 || status == 200
        case .absent: status == 404
        }
    }
}

/// Picks operations by weight.
package struct OperationMix: Sendable {
    private let choices: [(operation: Operation, upTo: Int)]
    private let total: Int

    /// Takes the weights; operations without one never come.
    package init(_ weights: [Operation: Int]) {
        var total = 0
        var choices: [(operation: Operation, upTo: Int)] = []
        for operation in Operation.allCases {
            guard let weight = weights[operation], weight > 0 else { continue }
            total += weight
            choices.append((operation, total))
        }
        precondition(total > 0, "a mix has at least one operation")
        self.choices = choices
        self.total = total
    }

    package func next(using generator: inout SeededGenerator) -> Operation {
        let pick = Int(generator.unit() * Double(total))
        return choices.first { pick < $0.upTo }?.operation ?? choices[choices.count - 1].operation
    }
}
