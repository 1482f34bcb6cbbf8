/// Names of licenses as people read them.
package enum LicenseName {
    /// The readable name of a license identifier in any case; unknown ones come back unchanged.
    package static func readable(_ id: String) -> String { names[Fold.fold(id)] ?? id }

    private static let names = [
        "afl-3.0": "Academic Free License v3.0", "agpl-3.0": "AGPL 3.0",
        "apache-2.0": "Apache 2.0", "apple-amlr": "Apple Model License for Research",
        "apple-ascl": "Apple Sample Code License", "artistic-2.0": "Artistic 2.0",
        "bigcode-openrail-m": "BigCode OpenRAIL-M v1",
        "bigscience-bloom-rail-1.0": "BigScience BLOOM RAIL 1.0",
        "bigscience-openrail-m": "BigScience OpenRAIL-M", "bsd": "BSD",
        "bsd-2-clause": "BSD 2-Clause", "bsd-3-clause": "BSD 3-Clause",
        "bsd-3-clause-clear": "BSD 3-Clause Clear", "bsl-1.0": "Boost Software License 1.0",
        "c-uda": "C-UDA", "cc": "Creative Commons", "cc-by-2.0": "CC BY 2.0",
        "cc-by-2.5": "CC BY 2.5", "cc-by-3.0": "CC BY 3.0", "cc-by-4.0": "CC BY 4.0",
        "cc-by-nc-2.0": "CC BY-NC 2.0", "cc-by-nc-3.0": "CC BY-NC 3.0",
        "cc-by-nc-4.0": "CC BY-NC 4.0", "cc-by-nc-nd-3.0": "CC BY-NC-ND 3.0",
        "cc-by-nc-nd-4.0": "CC BY-NC-ND 4.0", "cc-by-nc-sa-2.0": "CC BY-NC-SA 2.0",
        "cc-by-nc-sa-3.0": "CC BY-NC-SA 3.0", "cc-by-nc-sa-4.0": "CC BY-NC-SA 4.0",
        "cc-by-nd-4.0": "CC BY-ND 4.0", "cc-by-sa-3.0": "CC BY-SA 3.0",
        "cc-by-sa-4.0": "CC BY-SA 4.0", "cc0-1.0": "CC0 1.0",
        "cdla-permissive-1.0": "CDLA Permissive 1.0",
        "cdla-permissive-2.0": "CDLA Permissive 2.0", "cdla-sharing-1.0": "CDLA Sharing 1.0",
        "creativeml-openrail-m": "CreativeML OpenRAIL-M", "deepfloyd-if-license": "DeepFloyd IF",
        "ecl-2.0": "Educational Community License 2.0", "epl-1.0": "Eclipse Public License 1.0",
        "epl-2.0": "Eclipse Public License 2.0", "etalab-2.0": "Etalab Open License 2.0",
        "eupl-1.1": "EUPL 1.1", "eupl-1.2": "EUPL 1.2", "gemma": "Gemma",
        "gfdl": "GNU Free Documentation License", "gpl": "GPL", "gpl-2.0": "GPL 2.0",
        "gpl-3.0": "GPL 3.0", "h-research": "H Research", "intel-research": "Intel Research",
        "isc": "ISC", "lgpl": "LGPL", "lgpl-2.1": "LGPL 2.1", "lgpl-3.0": "LGPL 3.0",
        "lgpl-lr": "LGPL for Linguistic Resources", "llama2": "Llama 2", "llama3": "Llama 3",
        "llama3.1": "Llama 3.1", "llama3.2": "Llama 3.2", "llama3.3": "Llama 3.3",
        "llama4": "Llama 4", "lppl-1.3c": "LaTeX Project Public License 1.3c", "mit": "MIT",
        "mpl-2.0": "Mozilla Public License 2.0", "ms-pl": "Microsoft Public License",
        "ncsa": "NCSA", "odbl": "Open Database License",
        "odc-by": "Open Data Commons Attribution", "ofl-1.1": "SIL Open Font License 1.1",
        "open-mdw": "OpenMDW", "openrail": "OpenRAIL", "openrail++": "OpenRAIL++",
        "osl-3.0": "Open Software License 3.0", "other": "Other",
        "pddl": "Open Data Commons PDDL", "postgresql": "PostgreSQL", "unknown": "Unknown",
        "unlicense": "Unlicense", "wtfpl": "WTFPL", "zlib": "zlib",
    ]
}
