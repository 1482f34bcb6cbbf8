import Foundation
import LoadModel

/// The files that the generator reads and writes.
enum Files {
    static func scenarios(_ path: String) throws -> [Scenario] {
        let scenarios = try JSONDecoder().decode([Scenario].self, from: data(path))
        for scenario in scenarios { try scenario.check() }
        return scenarios
    }

    static func budgets(_ path: String) throws -> BudgetBook {
        try JSONDecoder().decode(BudgetBook.self, from: data(path))
    }

    static func result(_ path: String) throws -> ScenarioResult {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(ScenarioResult.self, from: data(path))
    }

    /// Lines that are not empty, each a measurement.
    static func measurements(_ path: String) throws -> [Turn] {
        let text = String(decoding: try data(path), as: UTF8.self)
        return try text.split(separator: "\n").map { line in
            try JSONDecoder().decode(Turn.self, from: Data(line.utf8))
        }
    }

    static func write(_ value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try encoder.encode(value).write(to: URL(filePath: path))
    }

    private static func data(_ path: String) throws -> Data {
        try Data(contentsOf: URL(filePath: path))
    }
}
