/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "media_fixture.h"
#include "url.h"

static void schemes_are_told_apart(void)
{
    CHECK(url_classify("-") == URL_STDIN);
    CHECK(url_classify("synthetic:room?seed=7") == URL_SYNTHETIC);
    CHECK(url_classify("x11::0.0") == URL_SCREEN);
    CHECK(url_classify("rtsp://camera/stream") == URL_NETWORK);
    CHECK(url_classify("HTTPS://host/clip.mp4") == URL_NETWORK);
    CHECK(url_classify("gopher://host/clip.mp4") == URL_UNKNOWN);
    CHECK(url_classify("/dev/video0") == URL_CAMERA);
    CHECK(url_classify("clip.mp4") == URL_FILE);
    CHECK(url_classify("a picture.of/clip") == URL_FILE);
    CHECK(url_classify("picture.JPEG") == URL_PICTURE);
    CHECK(url_classify("no/such/x*.jpg") == URL_GLOB);
}

static void what_is_there_decides(void)
{
    char *folder = fixture_path(""), *starred = fixture_path("what*is.this.mp4");
    fixture_write("what*is.this.mp4", "", 0);
    CHECK(url_classify(folder) == URL_FOLDER);
    CHECK(url_classify(starred) == URL_FILE);
    free(folder);
    free(starred);
}

static void only_pictures_are_pictures(void)
{
    CHECK(url_is_picture("a.png"));
    CHECK(url_is_picture("folder.d/a.TIFF"));
    CHECK(!url_is_picture("a.jpg/clip"));
    CHECK(!url_is_picture("png"));
    CHECK(!url_is_picture("a.jpgs"));
}

int main(void)
{
    fixture_make_folder();
    TEST(schemes_are_told_apart);
    TEST(what_is_there_decides);
    TEST(only_pictures_are_pictures);
    fixture_remove_folder();
    return check_done();
}
