/* SPDX-License-Identifier: Apache-2.0 */
/**
 * geometry: pure functions over small arrays. Rigid and similarity transforms, camera models,
 * two-view geometry, triangulation, camera pose from points, robust estimation, bundle adjustment,
 * pose graphs, alignment of trajectories; and omma_view, what every tracker says about a frame.
 *
 * Conventions: camera axes x right, y down, z forward; pixel (0, 0) is the centre of the top-left
 * pixel; matrices row-major; transforms are named destination_from_source. "Normalised" points are
 * (X/Z, Y/Z): pixels with the intrinsics and the distortion taken out.
 *
 * Everything here is thread-safe, keeps no state and gives the same bits for the same input.
 */
#pragma once

#include <omma/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------------------------------------- transforms */

/** Rigid motion: y = R x + t. */
typedef struct omma_se3 {
    double R[9]; /* rotation matrix, row-major */
    double t[3];
} omma_se3;

/** Similarity: y = s R x + t. */
typedef struct omma_sim3 {
    double R[9];
    double t[3];
    double s; /* > 0 */
} omma_sim3;

omma_se3 omma_se3_identity(void);
omma_se3 omma_se3_mul(const omma_se3 *c_from_b, const omma_se3 *b_from_a);
omma_se3 omma_se3_inverse(const omma_se3 *b_from_a);
void omma_se3_apply(const omma_se3 *b_from_a, const double x[3], double out[3]);
/** Exponential of (rho, phi): translation part first, rotation vector in rad last.
 *  Source: Barfoot, "State estimation for robotics", 2017, section 7.1. */
omma_se3 omma_se3_exp(const double xi[6]);
void omma_se3_log(const omma_se3 *T, double xi[6]);
/** Quaternion x, y, z, w (unit, w >= 0 when written out) to and from; from normalises. */
omma_se3 omma_se3_from_quaternion(const double q[4], const double t[3]);
void omma_se3_to_quaternion(const omma_se3 *T, double q[4]);
/** The rotation nearest to R (removes rounding that products collect). */
void omma_se3_normalize(omma_se3 *T);

void omma_so3_exp(const double phi[3], double R[9]);
void omma_so3_log(const double R[9], double phi[3]);
/** Angle between two rotations, rad in [0, pi]. */
double omma_so3_angle(const double Ra[9], const double Rb[9]);

omma_sim3 omma_sim3_identity(void);
omma_sim3 omma_sim3_from_se3(const omma_se3 *T, double s);
omma_sim3 omma_sim3_mul(const omma_sim3 *c_from_b, const omma_sim3 *b_from_a);
omma_sim3 omma_sim3_inverse(const omma_sim3 *b_from_a);
void omma_sim3_apply(const omma_sim3 *b_from_a, const double x[3], double out[3]);
/** Tangent (rho, phi, lambda = ln s). Source: Eade, "Lie groups for computer vision", 2013. */
omma_sim3 omma_sim3_exp(const double xi[7]);
void omma_sim3_log(const omma_sim3 *S, double xi[7]);

/* ----------------------------------------------------------------------------------- cameras */

typedef enum omma_camera_model {
    OMMA_CAMERA_PINHOLE, /* radial-tangential: k1 k2 p1 p2 k3 (OpenCV's order); all 0 = ideal */
    OMMA_CAMERA_FISHEYE, /* Kannala-Brandt: k1 k2 k3 k4 on the angle from the axis */
} omma_camera_model;

typedef struct omma_camera {
    omma_camera_model model;
    int width, height;     /* px */
    double fx, fy, cx, cy; /* px */
    double k[5];
} omma_camera;

/** @return OMMA_OK; OMMA_INVALID (a value not finite, size < 1, a focal length not within 0.05 to
 *  100 times the larger side, a centre more than a picture outside, or a distortion that
 *  folds the picture over itself before the middle of one of its sides; corners beyond the fold are
 *  not used: they have no ray). */
omma_error omma_camera_check(const omma_camera *c);

/** The same camera for pictures of another size, scaled. @return OMMA_OK; OMMA_INVALID (another
 *  shape, or it has no size): it is as it was. */
omma_error omma_camera_fit(omma_camera *c, int width, int height);

/**
 * One camera from text: a single line, besides empty ones and '#' comments, with numbers apart by
 * spaces or commas, in one of these forms (units px):
 *     [pinhole] fx fy cx cy [width height] [k1 k2 p1 p2 [k3]]
 *     fisheye fx fy cx cy [width height] [k1 k2 k3 k4]
 *     ID MODEL WIDTH HEIGHT PARAMS...   a line of COLMAP's cameras.txt, with MODEL one of
 *         SIMPLE_PINHOLE, PINHOLE, SIMPLE_RADIAL, RADIAL, OPENCV, OPENCV_FISHEYE. Its origin is the
 *         corner of the picture: half a pixel is taken off cx and cy.
 * Without width and height both are 0: fill them in before anything else uses the camera.
 * @return OMMA_OK; OMMA_FORMAT (the reason names the line, what stands there and what should).
 */
omma_error omma_camera_parse(omma_camera *out, const char *text, size_t bytes);
/** The same from a file. @return as omma_camera_parse and omma_file_read. */
omma_error omma_camera_read(omma_camera *out, const char *path);

/** Point in the camera to pixel. @return false when behind the camera or beyond what the model can
 *  image (px untouched). jacobian, may be NULL: 2x3, d px / d point.
 *  Source: Brown 1971; Kannala, Brandt, PAMI 2006. */
bool omma_camera_project(const omma_camera *c, const double point[3], double px[2],
                         double jacobian[6]);

/** Pixel to the normalised point (x, y) of the ray (x, y, 1), by Newton on the distortion.
 *  @return false when it does not converge or the ray is 90 degrees or more off the axis. */
bool omma_camera_unproject(const omma_camera *c, const double px[2], double normalized[2]);

/** omma_camera_project's derivative by fx=fy=f (column 0), cx, cy and the model's k1, k2, k3:
 *  2x6. */
void omma_camera_parameter_jacobian(const omma_camera *c, const double point[3],
                                    double jacobian[12]);

/* --------------------------------------------------------------------------- small estimators */

/** Least-squares similarity (or rigid motion) with dst = s R src + t.
 *  @param src,dst n x 3; borrowed   @param n at least 3
 *  @return OMMA_OK; OMMA_INVALID; OMMA_DEGENERATE (all points in one place or on one line).
 *  Source: Umeyama, "Least-squares estimation of transformation parameters", PAMI 1991. */
omma_error omma_umeyama(const double *src, const double *dst, size_t n, bool with_scale,
                        omma_sim3 *dst_from_src);

/** Point seen along two rays: b = second camera, R and t = b_from_a. Minimises the reprojection
 *  error in normalised coordinates to second order. point is in a.
 *  @return false when the rays are parallel or the point is behind one camera (point untouched).
 *  Source: Lindstrom, "Triangulation made easy", CVPR 2010. */
bool omma_triangulate_two(const omma_se3 *b_from_a, const double xa[2], const double xb[2],
                          double point[3]);

/** Point seen from n cameras: linear start, then Gauss-Newton on the normalised reprojection error.
 *  @param camera_from_world n poses   @param x n x 2 normalised
 *  @return OMMA_OK; OMMA_INVALID (n < 2); OMMA_DEGENERATE (parallel rays, behind a camera). */
omma_error omma_triangulate(const omma_se3 *camera_from_world, const double *x, size_t n,
                            double point[3]);

/* ------------------------------------------------------------------------------ two views */

/** All minimal solvers take normalised points (n x 2) of view a and b with xb' E xa = 0 and return
 *  the number of solutions. Source: Nister, PAMI 2004 (five points); Hartley, Zisserman, "Multiple
 *  view geometry", 2nd ed., 11.1.2 (seven), 11.2 (eight), 4.1 (homography).
 *  Scale of what all functions below give: |E| = sqrt 2 (singular values 1, 1, 0), |F| = |H| = 1,
 *  and H's sign gives the points a positive depth in b. F may also be asked for in pixels. */
int omma_essential_five_point(const double *xa, const double *xb, double E[10][9]);
int omma_fundamental_seven_point(const double *xa, const double *xb, double F[3][9]);
omma_error omma_fundamental_eight_point(const double *xa, const double *xb, size_t n, double F[9]);
/** xb ~ H xa, at least 4 points, coordinates normalised inside. */
omma_error omma_homography_fit(const double *xa, const double *xb, size_t n, double H[9]);

/** The four motions of an essential matrix, |t| = 1, as b_from_a. */
void omma_essential_decompose(const double E[9], omma_se3 b_from_a[4]);
/** The motions (at most 4; up to |t| / plane distance) of a homography between normalised points,
 *  with unit plane normals in a. @return how many (1 for a pure rotation, t = 0).
 *  Source: Faugeras, Lustman 1988 / Malis, Vargas, INRIA RR-6303, 2007. */
int omma_homography_decompose(const double H[9], omma_se3 b_from_a[4], double normal[4][3]);

/** Of candidate motions, the one that puts most points before both cameras with at most threshold
 *  (normalised) reprojection error. points (n x 3, in a; 0 where not good), good (n flags) and
 *  count may be NULL. A candidate without translation has no points.
 *  @return index of the winner; *count its number of good points (0: the index means nothing). */
int omma_motion_choose(const omma_se3 *candidates, int n_candidates, const double *xa,
                       const double *xb, size_t n, double threshold, double *points, uint8_t *good,
                       size_t *count);

typedef struct omma_ransac_options {
    double threshold;   /* inlier distance: normalised units, or px where said. 0 is invalid */
    double confidence;  /* 0 = 0.999 */
    int max_iterations; /* 0 = 1000 */
    uint64_t seed;      /* 0 is a seed like any other */
} omma_ransac_options;

typedef struct omma_ransac_result {
    size_t inliers;
    int iterations;
    double score; /* MSAC: sum of max(0, 1 - d^2 / threshold^2); more is better */
} omma_ransac_result;

/** LO-RANSAC with MSAC scores and a fixed seed; inlier flags n, may be NULL. Distances: Sampson for
 *  E and F, symmetric transfer (larger of both ways) for H.
 *  @return OMMA_OK; OMMA_INVALID (too few points, threshold <= 0); OMMA_DEGENERATE (no model).
 *  Source: Chum, Matas, Kittler, "Locally optimized RANSAC", DAGM 2003. */
omma_error omma_essential_ransac(const double *xa, const double *xb, size_t n,
                                 const omma_ransac_options *options, double E[9], uint8_t *inlier,
                                 omma_ransac_result *result);
omma_error omma_fundamental_ransac(const double *xa, const double *xb, size_t n,
                                   const omma_ransac_options *options, double F[9], uint8_t *inlier,
                                   omma_ransac_result *result);
omma_error omma_homography_ransac(const double *xa, const double *xb, size_t n,
                                  const omma_ransac_options *options, double H[9], uint8_t *inlier,
                                  omma_ransac_result *result);

/** A point that two cameras know: where it is for each, in its own frame and scale, and where each
 *  sees it (normalised). */
typedef struct omma_sim3_pair {
    double a[3], b[3];
    double xa[2], xb[2];
} omma_sim3_pair;

/** Umeyama on three pairs inside LO-RANSAC, refined on the reprojection in both pictures of all
 *  inliers. Distance: the larger of both ways, normalised units. n >= 4.
 *  @return OMMA_OK; OMMA_INVALID; OMMA_DEGENERATE.
 *  Source: Horn, JOSA A 1987 and Umeyama, PAMI 1991 (three points); Mur-Artal, Tardos, "ORB-SLAM2",
 *  TRO 2017 (reprojection both ways). */
omma_error omma_sim3_ransac(const omma_sim3_pair *pair, size_t n,
                            const omma_ransac_options *options, omma_sim3 *b_from_a,
                            uint8_t *inlier, omma_ransac_result *result);

/** Refines a similarity on the reprojection in both pictures. n >= 4.
 *  @param huber    of each residual, normalised units; 0 = least squares
 *  @param b_from_a start in, best out (untouched on failure)
 *  @return OMMA_OK; OMMA_INVALID; OMMA_DEGENERATE (not determined, or a point behind a camera). */
omma_error omma_sim3_refine(const omma_sim3_pair *pair, size_t n, double huber,
                            omma_sim3 *b_from_a);

/* -------------------------------------------------------------------------- pose from points */

/** EPnP and Gauss-Newton on its result.
 *  @param world n x 3  @param x n x 2 normalised  @param n >= 4
 *  @return OMMA_OK; OMMA_INVALID; OMMA_DEGENERATE.
 *  Source: Lepetit, Moreno-Noguer, Fua, IJCV 2009. */
omma_error omma_pnp_solve(const double *world, const double *x, size_t n,
                          omma_se3 *camera_from_world);

/** P3P inside LO-RANSAC, refined on all inliers. n >= 4; threshold in normalised units.
 *  Source of P3P: Ke, Roumeliotis, CVPR 2017, or Persson, Nordberg, ECCV 2018 (lambda twist). */
omma_error omma_pnp_ransac(const double *world, const double *x, size_t n,
                           const omma_ransac_options *options, omma_se3 *camera_from_world,
                           uint8_t *inlier, omma_ransac_result *result);

typedef struct omma_pose_options {
    double huber;                /* in sigmas; 0 = 1.5 */
    int iterations;              /* 0 = 10 */
    const double *information;   /* n x 3 (xx, xy, yy) per 2-vector residual, or NULL = identity */
    const omma_se3 *prior;       /* camera_from_world, or NULL */
    double prior_information[6]; /* of the 6 tangent directions (translation, rotation) of it */
} omma_pose_options;

/**
 * Refines one camera pose by Levenberg-Marquardt with a Huber loss on pixel residuals.
 *
 * @param world n x 3   @param px n x 2, observed (distorted) pixels   @param camera intrinsics
 * @param camera_from_world start in, best out (untouched on failure)
 * @param error n squared, information-weighted residuals of the result, or NULL (behind: 1e30)
 * @return OMMA_OK; OMMA_INVALID (n < 3 and no prior); OMMA_DEGENERATE (singular).
 */
omma_error omma_pose_refine(const double *world, const double *px, size_t n,
                            const omma_camera *camera, const omma_pose_options *options,
                            omma_se3 *camera_from_world, double *error);

/* ------------------------------------------------------------------------- bundle adjustment */

/** A point held by its first view: along the ray of anchor_px at 1 / inverse_depth (z in the
 *  anchor). The anchor's own observation is exact by definition and must not be listed.
 *  inverse_depth may pass through 0 (infinitely far). */
typedef struct omma_bundle_point {
    uint32_t anchor; /* index of the anchor pose */
    double anchor_px[2];
    double inverse_depth;
    double prior;             /* inverse depth that prior_information pulls towards */
    double prior_information; /* 1 / sigma^2; 0 = none */
} omma_bundle_point;

typedef struct omma_bundle_observation {
    uint32_t pose, point;
    float px[2];
    float inverse_sigma; /* 1 / px */
} omma_bundle_observation;

enum {
    OMMA_BUNDLE_FOCAL = 1, /* fx and fy move together, keeping their ratio */
    OMMA_BUNDLE_K1 = 2,
    OMMA_BUNDLE_K2 = 4,
    OMMA_BUNDLE_CENTER = 8,
    OMMA_BUNDLE_K3 = 16,
};

typedef struct omma_bundle_problem {
    omma_camera *camera;         /* one camera for all; changed only if free_camera says so */
    omma_se3 *camera_from_world; /* poses */
    const uint8_t *pose_fixed;   /* pose_count flags; NULL = only pose 0 is fixed */
    size_t pose_count;
    omma_bundle_point *points;
    size_t point_count;
    const omma_bundle_observation *observations; /* sorted by point */
    size_t observation_count;
} omma_bundle_problem;

typedef struct omma_bundle_options {
    int iterations;           /* 0 = 10 */
    double huber;             /* in sigmas; 0 = 1.5 */
    unsigned free_camera;     /* OMMA_BUNDLE_* */
    double focal_prior;       /* px; log-normal prior on fx: used when focal_prior_sigma > 0 */
    double focal_prior_sigma; /* of ln f; 0.3 is weak */
    double k_prior_sigma;     /* normal prior on k1, k2, k3 around their start; 0 = none */
    double min_decrease;      /* stop when the cost falls by less than this share; 0 = 1e-4 */
    bool points_fixed;        /* move cameras only */
    const volatile int *stop; /* not 0: end after this iteration; may be NULL */
} omma_bundle_options;

typedef struct omma_bundle_result {
    double cost_before, cost_after; /* robust cost, sigmas squared */
    double rms_px; /* root mean square residual of inliers (below 3 huber) after, px */
    int iterations;
    double focal_sigma_px; /* standard deviation of f from the normal equations; 0 when fixed */
} omma_bundle_result;

/**
 * Bundle adjustment by Levenberg-Marquardt (Nielsen's damping) and the Schur complement: points are
 * eliminated one by one (1x1 blocks), the reduced camera system is dense and solved by Cholesky, so
 * cost grows with the cube of the free poses: meant for up to some hundreds of free poses.
 *
 * @param error observation_count squared residuals in sigmas after, or NULL (behind a camera: 1e30)
 * An observation behind its camera counts with a constant; free poses that see nothing stay; the
 * camera stays one that omma_camera_check accepts.
 *
 * @return OMMA_OK; OMMA_INVALID (an index out of range, not sorted, a point observed in its anchor,
 *         a value not finite, nothing to do); OMMA_DEGENERATE (all points behind); OMMA_NO_MEMORY.
 *         On failure nothing is changed.
 * Source: Triggs et al., "Bundle adjustment - a modern synthesis", 2000; Civera, Davison, Montiel,
 * "Inverse depth parametrization", TRO 2008; Nielsen, IMM-REP-1999-05.
 */
omma_error omma_bundle_adjust(const omma_bundle_problem *problem,
                              const omma_bundle_options *options, double *error,
                              omma_bundle_result *result);

/** Per point the Gauss-Newton second derivative by inverse depth with all poses held: the sum of
 *  w J^T J over its observations, w with the weight of the default Huber loss, the prior left out.
 *  The standard deviation of inverse_depth is 1 / sqrt(information).
 *  @param problem valid, observations sorted by point; borrowed   @param information point_count */
void omma_bundle_point_information(const omma_bundle_problem *problem, double *information);

/* -------------------------------------------------------------------------------- pose graph */

typedef struct omma_pose_edge {
    uint32_t a, b;
    omma_sim3 b_from_a;    /* measured */
    double information[3]; /* of translation, rotation, ln scale; 0 = 1 */
} omma_pose_edge;

typedef struct omma_pose_graph_options {
    int iterations; /* 0 = 20 */
    bool fix_scale; /* SE(3) instead of Sim(3): scales stay, measured ones do not count */
    double huber;   /* 0 = quadratic */
} omma_pose_graph_options;

/** Moves nodes (sim3 camera_from_world) so that the edges agree: least squares, or the Huber loss
 *  per edge, of log(measured^-1 b a^-1). Node i stays if fixed[i] (NULL = only node 0).
 * Block-sparse Cholesky with a minimum-degree ordering. On failure nothing is changed.
 *  @return OMMA_OK; OMMA_INVALID (index out of range, an edge from a node to itself, a value not
 *  finite); OMMA_DEGENERATE (a part without a fixed node, be it a single free node without edges).
 *  Source: Strasdat, Montiel, Davison, "Scale drift-aware large scale monocular SLAM", RSS 2010. */
omma_error omma_pose_graph_optimize(omma_sim3 *camera_from_world, const uint8_t *fixed, size_t n,
                                    const omma_pose_edge *edges, size_t edge_count,
                                    const omma_pose_graph_options *options);

/* -------------------------------------------------------------------------------------- view */

typedef enum omma_status {
    OMMA_STATUS_INITIALISING, /* no map yet: no pose                               */
    OMMA_STATUS_TRACKING,     /* pose from the map                                 */
    OMMA_STATUS_ROTATING,     /* pose; only rotation is observed, position is held */
    OMMA_STATUS_LOST,         /* no pose                                           */
    OMMA_STATUS_RELOCALISED,  /* pose; found again after a loss                    */
} omma_status;

/** "tracking"; static. */
const char *omma_status_name(omma_status status);

/**
 * What a tracker says about one frame. Poses are held relative to a keyframe, so that a corrected
 * keyframe corrects every frame that hangs on it.
 */
typedef struct omma_view {
    uint64_t frame_index;
    int64_t time_ns;
    omma_status status;
    bool has_pose;
    bool retroactive; /* says more about a frame that was reported before without a pose */
    bool is_keyframe;
    uint32_t submap;               /* poses of different submaps share neither origin nor scale */
    uint32_t keyframe;             /* id of the reference keyframe (its own id for a keyframe) */
    omma_se3 keyframe_from_camera; /* identity for a keyframe */
    omma_sim3 world_from_keyframe; /* when the view was made; later moved by corrections */
    omma_camera camera;
    uint32_t inliers; /* map points that agree with the pose */
    /* Dense depth, or NULL: depth_width x depth_height floats, row-major, that cover the whole
     * picture: grid cell (i, j) is centred on picture pixel (i + 0.5) * camera.width / depth_width
     * - 0.5 (rows alike), lens distortion and all. depth is z in this frame's own camera, in the
     * unit of its keyframe (times world_from_keyframe.s: the world's); 0 = unknown. error is what
     * to expect of it: standard deviation / depth; 0 where depth is 0; NULL: exact. rgb are the
     * colours of the same grid, 3 bytes per cell, or NULL. */
    int depth_width, depth_height;
    omma_buffer *depth;
    omma_buffer *depth_error;
    omma_buffer *depth_rgb;
} omma_view;

/** world_from_camera of a view with a pose. */
omma_se3 omma_view_world_from_camera(const omma_view *v);

/** A keyframe has moved. */
typedef struct omma_correction {
    uint32_t keyframe;
    uint32_t submap;
    omma_sim3 world_from_keyframe;
} omma_correction;

/* -------------------------------------------------------------------------------------- bytes */

/** Poses and cameras as the numbers they are (docs/map-file.md); what is taken is checked as if
 *  somebody had made it up. Thread-safe: yes. */
void omma_se3_put(omma_byte_list *b, const omma_se3 *T);
void omma_sim3_put(omma_byte_list *b, const omma_sim3 *S);
void omma_camera_put(omma_byte_list *b, const omma_camera *c);
/** @return false: the bytes end, or are no rigid motion of finite numbers (scale > 0). */
bool omma_se3_take(omma_se3 *T, omma_byte_reader *r);
bool omma_sim3_take(omma_sim3 *S, omma_byte_reader *r);
/** @return OMMA_OK; OMMA_FORMAT (as omma_camera_check, or the bytes end). */
omma_error omma_camera_take(omma_camera *c, omma_byte_reader *r);

#ifdef __cplusplus
}
#endif
