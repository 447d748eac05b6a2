"""What was read in: documents, their pieces, and the pieces as vectors and by their words.

What stands in them is the organisation's, and about nobody that we know of: erasing a person leaves
the handbook as it is, and reading it in again follows whatever was changed in it.
"""

from __future__ import annotations

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from workers.store.columns import NOW, column, metadata, serial, tenant, time

# By which model the questions of a tenant are asked: of it there is a vector of every chunk.
knowledge = Table(
    "knowledge",
    metadata,
    tenant(),
    column("model", Text),
    column("chunks", BigInteger, server_default=text("0")),
    time("changed_at", NOW),
    PrimaryKeyConstraint("tenant_id"),
)

# `source` is what is read in at once and compared at once; `uri` names a document within it.
documents = Table(
    "documents",
    metadata,
    tenant(),
    serial(),
    column("source", Text),
    column("uri", Text),
    column("title", Text),
    column("link", Text, server_default=""),
    column("media", Text),
    column("hash", LargeBinary),
    column("access", ARRAY(Text)),
    column("size", BigInteger, server_default=text("0")),
    time("read_at", NOW),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "source", "uri", name="documents_uri"),
)

# `words` are its words without endings, each behind the tenant's mark, so that the index is one for each
# tenant. `access` is the document's.
chunks = Table(
    "chunks",
    metadata,
    tenant(),
    serial(),
    column("document_id", BigInteger),
    column("position", Integer),
    column("path", Text, server_default=""),
    column("body", Text),
    column("words", TSVECTOR),
    column("access", ARRAY(Text)),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(
        ["tenant_id", "document_id"], ["documents.tenant_id", "documents.id"], ondelete="CASCADE"
    ),
    Index("chunks_document", "tenant_id", "document_id"),
    Index("chunks_words", "words", postgresql_using="gin"),
)

chunk_vectors = Table(
    "chunk_vectors",
    metadata,
    tenant(),
    column("model", Text),
    column("chunk_id", BigInteger),
    column("dimension", Integer),
    column("access", ARRAY(Text)),
    column("embedding", HALFVEC),
    PrimaryKeyConstraint("tenant_id", "model", "chunk_id"),
    ForeignKeyConstraint(["tenant_id", "chunk_id"], ["chunks.tenant_id", "chunks.id"], ondelete="CASCADE"),
    Index("chunk_vectors_chunk", "tenant_id", "chunk_id"),
    *(
        Index(
            f"chunk_vectors_{dimension}",
            text(f"(embedding::halfvec({dimension})) halfvec_ip_ops"),
            postgresql_using="hnsw",
            postgresql_where=text(f"dimension = {dimension}"),
        )
        for dimension in (384, 768, 1024, 1536)
    ),
)

# In how many chunks a word is: what is rare tells more.
chunk_words = Table(
    "chunk_words",
    metadata,
    tenant(),
    column("word", Text),
    column("chunks", BigInteger),
    PrimaryKeyConstraint("tenant_id", "word"),
)

APPEND_ONLY: frozenset[str] = frozenset()
