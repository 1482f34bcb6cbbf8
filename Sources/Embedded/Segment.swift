import Postgres

/// A piece of work with what each statement means here.
struct Segment: Sendable {
    let steps: [(plan: StatementPlan, parameters: [Parameter])]

    init(_ work: EmbeddedWork, store: EmbeddedStore) {
        switch work {
        case .segment(let queries):
            steps = queries.map { (store.plan(of: $0.statement), $0.parameters) }
        case .script(let text):
            steps = [(.script(text), [])]
        }
    }

    /// Whether it writes where the session does not have the turn yet.
    func needsTurn(in transaction: TransactionState) -> Bool {
        var isOpen = transaction.isOpen
        for step in steps {
            switch step.plan {
            case .begin(let isReadOnly):
                if !isOpen, !isReadOnly { return true }
                isOpen = true
            case .commit, .rollback: isOpen = false
            case .savepoint, .listen, .nothing: break
            case .run, .script: if !isOpen, step.plan.writes { return true }
            }
        }
        return false
    }
}
