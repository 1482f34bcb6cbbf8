/// Collects the problems of one file while it is read, so that all are reported together.
struct ProblemList {
    let file: String
    private(set) var problems: [LoadError.Problem] = []

    init(file: String) {
        self.file = file
    }

    var isEmpty: Bool { problems.isEmpty }

    mutating func add(_ code: LoadError.Code, at position: SourcePosition?, _ text: String) {
        problems.append(LoadError.Problem(code, file: file, at: position, text))
    }

    /// Throws what was collected, if anything was.
    func check() throws(LoadError) {
        if !problems.isEmpty { throw LoadError(problems: problems) }
    }
}
