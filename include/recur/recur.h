// SPDX-License-Identifier: MIT
/*
 * recur: recurrent neural networks in C.
 *
 * This header includes the others in the order in which a program needs them; each is the manual of its part:
 *
 *     version.h   the version of these headers
 *     context.h   status codes, error text, threads, allocator, instruction set
 *     tensor.h    arrays and parameters
 *     init.h      initialisation of parameters
 *     tape.h      recording, backward, gradient check, operations of your own
 *     op.h        differentiable operations
 *     loss.h      losses
 *     layer.h     Linear, Embedding, LayerNorm, BatchNorm1d
 *     attention.h attention: a decoder's, pooling over time, several heads
 *     scheme.h    tags that mark spans: IOB1, IOB2, IOBES
 *     crf.h       the conditional random field: likelihood, best path, marginals
 *     rnn.h       RNN, LSTM, GRU: layers and single-step cells
 *     optim.h     optimizers, clipping, learning-rate schedules
 *     format.h    safetensors: read and write model files
 *     infer.h     streaming inference without allocation
 *     decode.h    sampling and beam search
 *     data.h      tables, windows, scalers, splits, batches, baselines, synthetic sets
 *     text.h      words and characters, vocabularies, labelled texts, sentence pairs, batches of ids
 *     metrics.h   how good the answers are
 *     train.h     the training loop, checkpoints
 *     task.h      what the tasks share
 *     forecast.h  forecasting: from a CSV to what comes next
 *     classify.h  classification: from a text to its class
 *     tag.h       tagging: parts of speech, names
 *     language.h  language models: perplexity and new text
 *     translate.h translation: from pairs of sentences to translations
 *
 * Three lifetimes: the context (recur_ctx) holds threads and memory; parameters (recur_params) live until
 * they are freed; what an expression returns lives on the tape until the next recur_tape_begin(). What the
 * caller must free comes back through an out-parameter of a function that returns a status; what is returned
 * directly lives in something else. Every *_free accepts NULL.
 *
 * Errors: functions that build expressions return NULL after recording the first error in the context, and
 * from then on every expression returns NULL at once, so that a forward pass reads as maths and is checked
 * once per step. Everything else returns a recur_status. The library never prints, exits or aborts, and keeps
 * no global state.
 *
 * Threads: an object belongs to one thread at a time. Two contexts run side by side. A finished inference
 * plan is constant and may be shared by any number of threads.
 */
#ifndef RECUR_RECUR_H
#define RECUR_RECUR_H

#include "version.h"
#include "context.h"
#include "tensor.h"
#include "init.h"
#include "tape.h"
#include "op.h"
#include "loss.h"
#include "layer.h"
#include "attention.h"
#include "scheme.h"
#include "crf.h"
#include "rnn.h"
#include "optim.h"
#include "format.h"
#include "infer.h"
#include "decode.h"
#include "data.h"
#include "text.h"
#include "metrics.h"
#include "train.h"
#include "task.h"
#include "forecast.h"
#include "classify.h"
#include "tag.h"
#include "language.h"
#include "translate.h"

#endif
